#include "unstuff.h"

#include <string>

#include <gtest/gtest.h>

namespace postferry::pop3 {
namespace {

struct Answer {
  std::string text, rest;
  bool done = false;
};

// `wire` in pieces of `piece` bytes.
Answer unstuffed(std::string_view wire, std::size_t piece) {
  Unstuffer unstuffer;
  Answer out;
  while (!wire.empty() && !unstuffer.done()) {
    const auto part = wire.substr(0, piece);
    const auto used = unstuffer.take(as_bytes(part), [&](Bytes text) { out.text += as_text(text); });
    if (!unstuffer.done()) {
      EXPECT_EQ(used, part.size());
    }
    wire.remove_prefix(used);
  }
  out.done = unstuffer.done();
  out.rest = wire;
  return out;
}

struct Case {
  std::string_view wire, text;
};

TEST(Unstuffer, TakesOutTheDotsAndFindsTheEndWhereverThePiecesAreCut) {
  for (const auto& [wire, text] : {
           Case{".\r\n", ""},
           Case{"a\r\n.\r\n", "a\r\n"},
           Case{"..\r\n.\r\n", ".\r\n"},
           Case{"...a\r\n.\r\n", "..a\r\n"},
           Case{".a\r\n.\r\n", "a\r\n"},
           Case{"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"},
           Case{"a\r.\r\n.\r\n", "a\r.\r\n"},
           Case{".\ra\r\n.\r\n", "\ra\r\n"},
           Case{".\r\r\n.\r\n", "\r\r\n"},
           Case{"a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n"},
           Case{"\r\n\r\n.\r\n", "\r\n\r\n"},
       }) {
    const auto behind = std::string(wire) + "+OK next\r\n";
    for (std::size_t piece = 1; piece <= behind.size(); ++piece) {
      const auto answer = unstuffed(behind, piece);
      EXPECT_TRUE(answer.done) << wire << " by " << piece;
      EXPECT_EQ(answer.text, text) << wire << " by " << piece;
      EXPECT_EQ(answer.rest, "+OK next\r\n") << wire << " by " << piece;
    }
  }
}

TEST(Unstuffer, HasNoEndWithoutTheLineOfADot) {
  for (const auto* wire : {"a\r\n", "a\r\n.", "a\r\n.\r", "a.\r\n", "a\n.\r\n", ". \r\n"}) {
    EXPECT_FALSE(unstuffed(wire, 100).done) << wire;
  }
}

}  // namespace
}  // namespace postferry::pop3
