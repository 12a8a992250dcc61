#include <fstream>

#include <gmock/gmock.h>

#include "pack_fixture.h"

namespace postferry::archive {
namespace {

class SalvagePartTest : public PackTest, public ::testing::WithParamInterface<codec::Codec> {
 protected:
  std::filesystem::path part() const { return temp_.path / "pack.part"; }

  void write_part(const std::string& bytes) const { std::ofstream(part(), std::ios::binary) << bytes; }

  // The good mails, each compared with what was put.
  unsigned salvaged() const {
    unsigned count = 0;
    salvage_part(
        part(), *files_, GetParam(),
        [&](const TocEntry& entry, const mail::Digests& digests, const mail::Body& body, std::int64_t mtime) {
          ++count;
          EXPECT_EQ(digests.content.digest, entry.hash);
          EXPECT_EQ(mtime, 1700000000);
          const auto& mail = mails_.at(hash_of(entry));
          EXPECT_EQ(body.size(), mail.size());
          std::string read;
          std::vector<std::byte> piece(100000);
          const auto source = body.open();
          while (const auto got = source->read(piece)) read += as_text(Bytes(piece).first(got));
          EXPECT_EQ(read, mail);
        });
    return count;
  }
};

TEST_P(SalvagePartTest, FindsWhatAKilledRunLeft) {
  const auto store = folder_store(temp_.path / "archive", *files_, temp_.path);
  {
    PackWriter pack(*store, *files_, clock_, temp_.path, GetParam(), heard_);
    for (unsigned i = 0; i < 150; ++i) put(pack, made_mail(i, 4000), 1700000000);
    put(pack, made_mail(500, 2U << 20U), 1700000000);
    pack.sync();
    for (unsigned i = 200; i < 210; ++i) put(pack, made_mail(i, 4000), 1700000000);  // never written
  }
  EXPECT_EQ(salvaged(), 151u);
}

TEST_P(SalvagePartTest, FindsTheWholeFramesOfATornOrDamagedPart) {
  const auto pack = writer(GetParam());
  for (unsigned i = 0; i < 300; ++i) put(*pack, made_mail(i, 4000), 1700000000);
  put(*pack, made_mail(500, 3U << 20U), 1700000000);
  pack->publish();
  const auto whole = store_.contents().at(heard_.packs.at(0).name);
  write_part(whole);
  EXPECT_EQ(salvaged(), 301u);

  write_part(whole.substr(0, whole.size() / 2));
  const auto half = salvaged();
  EXPECT_GT(half, 50u);
  EXPECT_LT(half, 301u);

  auto damaged = whole;
  damaged[1000] = static_cast<char>(damaged[1000] ^ 16);
  write_part(damaged);
  EXPECT_GT(salvaged(), 200u);
  EXPECT_LT(salvaged(), 301u);

  write_part("");
  EXPECT_EQ(salvaged(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Codecs, SalvagePartTest, ::testing::Values(codec::Codec::zstd, codec::Codec::gzip),
                         [](const auto& test) { return std::string(codec::extension(test.param)); });

}  // namespace
}  // namespace postferry::archive
