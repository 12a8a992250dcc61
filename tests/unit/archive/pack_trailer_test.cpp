#include "pack_trailer.h"

#include <gtest/gtest.h>
#include <postferry/base/bytes.h>

namespace postferry::archive {
namespace {

PackTrailer trailer() {
  PackTrailer out{.toc_offset = 1000, .toc_length = 234, .toc_raw = 5000, .entries = 17};
  out.toc_hash.fill(std::byte{1});
  out.body_hash.fill(std::byte{2});
  return out;
}

TEST(PackTrailer, IsTheLastFrameAndReadsBack) {
  for (const auto codec : {codec::Codec::zstd, codec::Codec::gzip}) {
    const auto frame = trailer_frame(trailer(), codec);
    EXPECT_EQ(frame.size(), codec == codec::Codec::zstd ? 120u : 138u);
    const auto read = read_trailer(frame, 1234 + frame.size(), codec);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->toc_offset, 1000u);
    EXPECT_EQ(read->entries, 17u);
    std::vector<std::byte> raw;  // every decompressor passes over it
    EXPECT_EQ(codec::Decompressor(codec).frame(frame, raw, 100), frame.size());
    EXPECT_TRUE(raw.empty());
  }
}

TEST(PackTrailer, BeginsWithItsMagicRightAfterTheFrameHeader) {
  EXPECT_EQ(to_hex(Bytes(trailer_frame(trailer(), codec::Codec::zstd)).first(16)),
            "5e2a4d1870000000"
            "50465452"
            "41494c31");
  EXPECT_EQ(to_hex(Bytes(trailer_frame(trailer(), codec::Codec::gzip)).first(24)),
            "1f8b0804000000000"
            "0ff"
            "7400"
            "5046"
            "7000"
            "5046545241494c31");
}

TEST(PackTrailer, IsNotBelievedIfAnyBitIsWrong) {
  for (const auto codec : {codec::Codec::zstd, codec::Codec::gzip}) {
    const auto frame = trailer_frame(trailer(), codec);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      auto flipped = frame;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      EXPECT_FALSE(read_trailer(flipped, 1234 + frame.size(), codec)) << bit;
    }
  }
}

TEST(PackTrailer, IsNotBelievedIfItPointsElsewhere) {
  const auto frame = trailer_frame(trailer(), codec::Codec::zstd);
  EXPECT_FALSE(read_trailer(frame, 1235 + frame.size(), codec::Codec::zstd));
  EXPECT_FALSE(read_trailer(frame, frame.size(), codec::Codec::zstd));
  EXPECT_FALSE(read_trailer(Bytes(frame).last(119), 1234 + frame.size(), codec::Codec::zstd));
}

}  // namespace
}  // namespace postferry::archive
