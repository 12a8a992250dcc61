#include <postferry/mail/spool.h>

#include <array>
#include <string>

#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/mail/body_pieces.h>
#include <postferry/mail/digester.h>

#include "unit/base/temporary_folder.h"

namespace postferry::mail {
namespace {

std::string read_all(const Body& body) {
  std::string out;
  std::array<std::byte, 4000> piece{};
  const auto source = body.open();
  while (const auto n = source->read(piece)) out += as_text(Bytes(piece).first(n));
  return out;
}

std::string message(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

class SpoolTest : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  Spool spool_{folder_.path()};

  void feed(std::string_view text, std::size_t piece) {
    for (std::size_t at = 0; at < text.size(); at += piece) spool_.append(as_bytes(text.substr(at, piece)));
  }
};

TEST_F(SpoolTest, ASmallMessageStaysInMemory) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{2500}, Spool::memory_limit}) {
    const auto text = message(size);
    spool_.expect(size);
    feed(text, 1000);
    const auto body = spool_.finish();
    EXPECT_EQ(body->size(), size);
    EXPECT_EQ(as_text(body->in_memory()), text);
    EXPECT_EQ(read_all(*body), text);
    EXPECT_EQ(read_all(*body), text) << "again";
  }
}

TEST_F(SpoolTest, AnyIsGivenInPiecesUntilTheyAreNotWantedAnyMore) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{100'000}, Spool::memory_limit + 50'000}) {
    const auto text = message(size);
    feed(text, 65536);
    const auto body = spool_.finish();
    std::string all;
    each_piece(*body, [&](Bytes piece) {
      EXPECT_LE(piece.size(), 32u << 10);
      all += as_text(piece);
      return true;
    });
    EXPECT_EQ(all, text);
    int calls = 0;
    each_piece(*body, [&](Bytes) { return ++calls < 2; });
    EXPECT_LE(calls, 2);
    EXPECT_EQ(digests_of(*body).content, digests_of(as_bytes(text)).content);
  }
}

TEST_F(SpoolTest, ALargeOneGoesToAFileHoweverItWasAnnounced) {
  const auto text = message(Spool::memory_limit + 12345);
  for (const std::uint64_t announced :
       {std::uint64_t{0}, std::uint64_t{10}, std::uint64_t{text.size()}, UINT64_MAX}) {
    for (const std::size_t piece : {std::size_t{777}, std::size_t{65536}, text.size()}) {
      if (announced > 0) spool_.expect(announced);
      feed(text, piece);
      const auto body = spool_.finish();
      EXPECT_EQ(body->size(), text.size());
      EXPECT_TRUE(body->in_memory().empty());
      EXPECT_EQ(read_all(*body), text);
    }
  }
}

TEST_F(SpoolTest, AnAnnouncementIsOnlyAHint) {
  spool_.expect(1ULL << 40U);
  spool_.append(as_bytes("short"));
  EXPECT_EQ(as_text(spool_.finish()->in_memory()), "short");
}

TEST_F(SpoolTest, WhatIsDiscardedIsGone) {
  feed(message(Spool::memory_limit * 2), 100000);
  spool_.discard();
  spool_.append(as_bytes("next"));
  EXPECT_EQ(read_all(*spool_.finish()), "next");
}

TEST_F(SpoolTest, ReadingMayOutlastTheBodyAndTheSpool) {
  for (const std::size_t size : {std::size_t{5}, Spool::memory_limit + 5}) {
    feed(message(size), 100000);
    auto source = spool_.finish()->open();
    std::array<std::byte, 5> piece{};
    EXPECT_EQ(source->read(piece), 5U);
    EXPECT_EQ(as_text(piece), message(5));
  }
}

TEST_F(SpoolTest, AFolderThatIsNotThereIsNamed) {
  Spool lost(folder_.path() / "none");
  lost.append(as_bytes("small ones need none"));
  EXPECT_EQ(lost.finish()->size(), 20U);
  EXPECT_THROW(lost.append(as_bytes(message(Spool::memory_limit + 1))), Error);
}

TEST(MemoryBody, ReadsBack) {
  const auto body = memory_body("abc");
  EXPECT_EQ(read_all(*body), "abc");
  EXPECT_EQ(as_text(body->in_memory()), "abc");
}

}  // namespace
}  // namespace postferry::mail
