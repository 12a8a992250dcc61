#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/net/line_reader.h>

#include "support/scripted_stream.h"

namespace postferry::net {
namespace {

test::ScriptedStream saying(std::string bytes, test::Chunks chunks = 0) {
  return test::ScriptedStream(test::Script().say_bytes(std::move(bytes)), chunks);
}

TEST(LineReader, GivesLinesWithoutTheirEndsHoweverTheyAreCut) {
  const std::string long_line(5000, 'x');
  for (test::Chunks chunks = 0; chunks < 20; ++chunks) {
    auto stream = saying("one\r\n\r\ntwo\nthr\ree\r\n" + long_line + "\r\n", chunks);
    LineReader reader(stream, 16);
    EXPECT_EQ(reader.line(10), "one");
    EXPECT_EQ(reader.line(10), "");
    EXPECT_EQ(reader.line(10), "two");
    EXPECT_EQ(reader.line(10), "thr\ree");
    EXPECT_EQ(reader.line(6000), long_line);
    EXPECT_EQ(reader.buffered(), 0u);
  }
}

TEST(LineReader, GivesRunsOfBytesBetweenLines) {
  for (test::Chunks chunks = 0; chunks < 20; ++chunks) {
    auto stream = saying("{7}\r\nab\r\ncd\r rest\r\n", chunks);
    LineReader reader(stream, 8);
    EXPECT_EQ(reader.line(10), "{7}");
    std::string literal;
    while (literal.size() < 7) {
      const auto part = reader.some(7 - literal.size());
      literal += as_text(part);
      reader.consume(part.size());
    }
    EXPECT_EQ(literal, "ab\r\ncd\r");
    EXPECT_EQ(reader.line(10), " rest");
    EXPECT_EQ(reader.total(), 19u);
  }
}

TEST(LineReader, RefusesALineBeyondItsLimitWithoutKeepingIt) {
  for (test::Chunks chunks = 0; chunks < 5; ++chunks) {
    auto stream = saying(std::string(100'000, 'x') + "\r\n", chunks);
    LineReader reader(stream, 16);
    try {
      reader.line(64);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::protocol);
      EXPECT_EQ(error.blast, Blast::session);
    }
    EXPECT_LE(reader.total(), 200u);
  }
}

TEST(LineReader, TakesAnEndInTheMiddleOfALineForALostConnection) {
  for (const auto* what : {"", "half a line", "CR at the end\r"}) {
    auto stream = saying(what);
    LineReader reader(stream);
    try {
      reader.line(100);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::network);
      EXPECT_EQ(error.retry, Retry::now);
      EXPECT_THAT(error.what(), testing::HasSubstr("closed the connection"));
    }
  }
}

}  // namespace
}  // namespace postferry::net
