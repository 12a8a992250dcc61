#include "tar.h"

#include <gtest/gtest.h>

namespace postferry::archive {
namespace {

TarHead read_back(const std::string& path, std::uint64_t size, std::int64_t mtime) {
  std::vector<std::byte> bytes;
  append_tar_header(bytes, path, size, mtime);
  EXPECT_EQ(bytes.size(), tar_header_bytes(path, size));
  EXPECT_EQ(bytes.size() % tar_block, 0u);
  TarHead head;
  EXPECT_EQ(read_tar_header(bytes, head), TarRead::entry);
  EXPECT_EQ(head.header_bytes, bytes.size());
  return head;
}

TEST(Tar, ReadsBackWhatItWrites) {
  const std::string deep = "mail/imap-a-1a2b3c4d/" + std::string(60, 'x') + "/" + std::string(60, 'y') + "/" +
                           std::string(68, 'z');
  for (const auto& path :
       {std::string("a"), std::string(100, 'n'), deep, std::string(101, 'n'),
        std::string(300, 'n') + "/" + std::string(300, 'm'), std::string("mail/Entw\xC3\xBCrfe/x.eml")}) {
    const auto head = read_back(path, 12345, 1795500000);
    EXPECT_EQ(head.path, path);
    EXPECT_EQ(head.size, 12345u);
    EXPECT_EQ(head.mtime, 1795500000);
  }
}

TEST(Tar, NeedsAPaxHeaderOnlyWhereUstarCannotHoldIt) {
  EXPECT_EQ(tar_header_bytes(std::string(100, 'n'), 1), tar_block);
  EXPECT_EQ(tar_header_bytes(std::string(155, 'p') + "/" + std::string(100, 'n'), 1), tar_block);
  EXPECT_GT(tar_header_bytes(std::string(101, 'n'), 1), tar_block);
  EXPECT_EQ(tar_header_bytes("a", (std::uint64_t{8} << 30U) - 1), tar_block);
  EXPECT_GT(tar_header_bytes("a", std::uint64_t{8} << 30U), tar_block);
}

TEST(Tar, HoldsSizesFromEightGibibytesOn) {
  EXPECT_EQ(read_back("a", (std::uint64_t{8} << 30U) - 1, 0).size, (std::uint64_t{8} << 30U) - 1);
  EXPECT_EQ(read_back("a", std::uint64_t{8} << 30U, 0).size, std::uint64_t{8} << 30U);
}

TEST(Tar, ClampsTimesToWhatUstarHolds) {
  EXPECT_EQ(read_back("a", 0, -1).mtime, 0);
  EXPECT_EQ(read_back("a", 0, (std::int64_t{1} << 33U) - 1).mtime, (std::int64_t{1} << 33U) - 1);
  EXPECT_EQ(read_back("a", 0, std::int64_t{1} << 40U).mtime, (std::int64_t{1} << 33U) - 1);
}

TEST(Tar, TellsAHeaderFromWhatIsNone) {
  TarHead head;
  std::vector<std::byte> bytes(tar_block);
  EXPECT_EQ(read_tar_header(bytes, head), TarRead::zeros);
  EXPECT_EQ(read_tar_header(Bytes(bytes).first(511), head), TarRead::cut);
  bytes[3] = std::byte{'x'};
  EXPECT_EQ(read_tar_header(bytes, head), TarRead::bad);
  bytes.clear();
  append_tar_header(bytes, std::string(200, 'n'), 1, 1);
  EXPECT_EQ(read_tar_header(Bytes(bytes).first(1024), head), TarRead::cut);
  for (std::size_t at = 0; at < tar_block; at += 7) {
    auto flipped = bytes;
    flipped[at] ^= std::byte{4};
    EXPECT_NE(read_tar_header(flipped, head), TarRead::entry) << at;
  }
}

}  // namespace
}  // namespace postferry::archive
