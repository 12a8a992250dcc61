#include <postferry/codec/compress.h>

#include <string>

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <postferry/base/error.h>
#include <postferry/codec/base64.h>

namespace postferry::codec {
namespace {

using Buffer = std::vector<std::byte>;

Buffer bytes_of(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

std::string sample(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i)
    out += "line " + std::to_string(i * 7919 % 1000) + " of a message\r\n";
  out.resize(size);
  return out;
}

class Frames : public ::testing::TestWithParam<Codec> {
 protected:
  Buffer packed(std::string_view text) {
    Buffer out;
    compressor_.frame(as_bytes(text), out);
    return out;
  }
  std::string unpacked(const Buffer& frame, std::uint64_t most = 1u << 30) {
    Buffer out;
    EXPECT_EQ(decompressor_.frame(frame, out, most), frame.size());
    return std::string(as_text(out));
  }
  Cause refusal(const Buffer& frame, std::uint64_t most) {
    Buffer out;
    try {
      decompressor_.frame(frame, out, most);
    } catch (const Error& e) {
      EXPECT_EQ(e.blast, Blast::message);
      EXPECT_EQ(e.retry, Retry::never);
      return e.cause;
    }
    ADD_FAILURE() << "accepted";
    return Cause::config;
  }

  Compressor compressor_{GetParam()};
  Decompressor decompressor_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Codecs, Frames, ::testing::Values(Codec::zstd, Codec::gzip),
                         [](const auto& p) { return p.param == Codec::zstd ? "Zstd" : "Gzip"; });

TEST_P(Frames, GoThereAndBackInAnySize) {
  for (const std::size_t size : {0U, 1U, 1000U, 256U << 10U, (1U << 20U) + 1}) {
    const auto text = sample(size);
    EXPECT_EQ(unpacked(packed(text)), text) << size;
    EXPECT_EQ(unpacked(packed(text), size), text) << size;
  }
}

TEST_P(Frames, AreIndependentAndDeterministic) {
  const auto once = packed("hello");
  packed(sample(100000));
  EXPECT_EQ(packed("hello"), once);
}

TEST_P(Frames, AreTakenOneAtATimeFromAChain) {
  auto chain = packed("one");
  const auto first = chain.size();
  const auto second = packed("two");
  chain.insert(chain.end(), second.begin(), second.end());
  Buffer out = bytes_of("> ");
  EXPECT_EQ(decompressor_.frame(chain, out, 100), first);
  EXPECT_EQ(as_text(out), "> one");
  EXPECT_EQ(decompressor_.frame(Bytes(chain).subspan(first), out, 100), second.size());
  EXPECT_EQ(as_text(out), "> onetwo");
}

TEST_P(Frames, NeverGiveMoreThanWasAllowed) {
  const auto bomb = packed(std::string(8U << 20U, '\0'));
  EXPECT_EQ(refusal(bomb, 1U << 20U), Cause::damaged);
  EXPECT_EQ(refusal(packed("ab"), 1), Cause::damaged);
  EXPECT_EQ(refusal(packed("a"), 0), Cause::damaged);
}

TEST_P(Frames, AreRefusedWhenCutAnywhere) {
  const auto whole = packed(sample(500));
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(refusal(Buffer(whole.begin(), whole.begin() + static_cast<long>(n)), 1000), Cause::damaged)
        << n;
}

TEST_P(Frames, NeverGiveWrongBytesForAFlippedBit) {
  const auto text = sample(2000);
  const auto whole = packed(text);
  for (std::size_t bit = 0; bit < whole.size() * 8; bit += 3) {
    auto hurt = whole;
    hurt[bit / 8] ^= std::byte{1} << (bit % 8);
    Buffer out;
    try {
      decompressor_.frame(hurt, out, 1U << 20U);
      // a bit of no meaning (gzip's OS byte), or a frame that has become one to skip
      EXPECT_TRUE(out.empty() || as_text(out) == text) << bit;
    } catch (const Error&) { /* noticed, as it should be */
    }
  }
}

TEST(ZstdFrames, StateTheirSizeAndCarryAChecksum) {
  Compressor compressor(Codec::zstd);
  Buffer frame;
  compressor.frame(as_bytes("hello"), frame);
  EXPECT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), 5U);
  EXPECT_NE(std::to_integer<unsigned>(frame[4]) & 4U, 0U) << "RFC 8878 section 3.1.1.1.1: the checksum flag";
}

TEST(ZstdFrames, PassOverSkippableOnes) {
  auto frame = bytes_of(std::string_view("\x5E\x2A\x4D\x18\x03\0\0\0abcrest", 15));
  Buffer out;
  EXPECT_EQ(Decompressor(Codec::zstd).frame(frame, out, 0), 11U);
  EXPECT_TRUE(out.empty());
}

TEST(ZstdFrames, AreReadWithoutAStatedSizeToo) {
  // what `zstd` makes of a pipe
  const std::string text = sample(300000);
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  Buffer frame(ZSTD_compressBound(text.size()));
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer into{frame.data(), frame.size(), 0};
  ZSTD_compressStream2(context.get(), &into, &in, ZSTD_e_continue);
  ASSERT_EQ(ZSTD_compressStream2(context.get(), &into, &in, ZSTD_e_end), 0U);
  frame.resize(into.pos);

  Decompressor decompressor(Codec::zstd);
  Buffer out;
  EXPECT_EQ(decompressor.frame(frame, out, text.size()), frame.size());
  EXPECT_EQ(as_text(out), text);
  EXPECT_THROW(decompressor.frame(frame, out, text.size() - 1), Error);
}

TEST(GzipFrames, AreMembersWithoutNameAndTime) {
  Compressor compressor(Codec::gzip);
  Buffer frame;
  compressor.frame(as_bytes("hello"), frame);
  EXPECT_EQ(as_text(frame).substr(0, 8), std::string_view("\x1F\x8B\x08\0\0\0\0\0", 8));
}

TEST(GzipFrames, PassOverEmptyMembersWithAnExtraField) {
  const std::string member("\x1F\x8B\x08\x04\0\0\0\0\0\xFF\x08\0PF\x04\0abcd\x03\0\0\0\0\0\0\0\0\0", 30);
  Buffer out;
  EXPECT_EQ(Decompressor(Codec::gzip).frame(as_bytes(member + "next"), out, 0), 30U);
  EXPECT_TRUE(out.empty());
}

TEST(Frame, ExtensionsAreThoseOfTheTools) {
  EXPECT_EQ(extension(Codec::zstd), "zst");
  EXPECT_EQ(extension(Codec::gzip), "gz");
}

}  // namespace
}  // namespace postferry::codec
