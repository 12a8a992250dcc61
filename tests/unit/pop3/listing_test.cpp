#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/pop3/session.h>

#include "support/scripted_stream.h"

namespace postferry::pop3 {
namespace {

Session session(test::Script script) {
  return Session(std::make_unique<test::ScriptedStream>(std::move(script)));
}

test::Script greeted() { return test::Script().say("+OK").expect("STAT").say("+OK 2 20"); }

Stat stat_of(const char* answer) {
  auto pop3 = session(test::Script()
                          .say("+OK")
                          .expect("STAT")
                          .say(answer)
                          .expect("UIDL")
                          .say_bytes("+OK\r\n.\r\n")
                          .expect("LIST")
                          .say_bytes("+OK\r\n.\r\n"));
  return pop3.list().stat;
}

// What list() makes of the two answers, as "number uidl size".
std::vector<std::string> listed(const std::string& uidl, const std::string& list) {
  auto pop3 = session(
      greeted().expect("UIDL").say_bytes(uidl).expect("LIST").say_bytes(list).close());
  std::vector<std::string> out;
  for (const auto& drop : pop3.list().drops) {
    out.push_back(
        fmt::format("{} {} {}", drop.number, drop.uidl, drop.size ? std::to_string(*drop.size) : "?"));
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Listing, JoinsUidlAndList) {
  EXPECT_EQ(listed("+OK\r\n1 a\r\n2 b\r\n.\r\n", "+OK\r\n1 10\r\n2 20\r\n.\r\n"),
            (Lines{"1 a 10", "2 b 20"}));
}

TEST(Listing, IsInOrderWhateverTheServersIs) {
  EXPECT_EQ(listed("+OK\r\n2 b\r\n1 a\r\n.\r\n", "+OK\r\n2 20\r\n1 10\r\n.\r\n"),
            (Lines{"1 a 10", "2 b 20"}));
}

TEST(Listing, ForgetsNoMessageThatOnlyOneOfThemHas) {
  EXPECT_EQ(listed("+OK\r\n1 a\r\n3 c\r\n.\r\n", "+OK\r\n1 10\r\n2 20\r\n.\r\n"),
            (Lines{"1 a 10", "2  20", "3 c ?"}));
}

TEST(Listing, BearsBlanksAndWordsBehindASize) {
  EXPECT_EQ(listed("+OK\r\n 1   a b \r\n.\r\n", "+OK\r\n1   10 octets\r\n.\r\n"), Lines{"1 a b 10"});
}

TEST(Listing, TakesASizeThatIsNoneForUnknown) {
  for (const auto* size : {"x", "-1", "99999999999999999999", ""}) {
    EXPECT_EQ(listed("+OK\r\n1 a\r\n.\r\n", fmt::format("+OK\r\n1 {}\r\n.\r\n", size)), Lines{"1 a ?"})
        << size;
  }
}

TEST(Listing, DoesWithoutSizesIfListIsRefused) {
  EXPECT_EQ(listed("+OK\r\n1 a\r\n.\r\n", "-ERR no\r\n"), Lines{"1 a ?"});
}

TEST(Listing, DoesWithoutUidlsIfUidlIsUnknownAndSaysSo) {
  auto pop3 = session(greeted()
                          .expect("UIDL")
                          .say("-ERR what?")
                          .expect("LIST")
                          .say_bytes("+OK\r\n1 10\r\n.\r\n"));
  EXPECT_EQ(pop3.list().drops.size(), 1u);
  EXPECT_FALSE(pop3.has_uidl());
}

TEST(Listing, KeepsOfAHostileUidlNoMoreThanTellsThatItIsTooLong) {
  auto pop3 = session(greeted()
                          .expect("UIDL")
                          .say_bytes("+OK\r\n1 " + std::string(8000, 'x') + "\r\n.\r\n")
                          .expect("LIST")
                          .say("-ERR"));
  EXPECT_EQ(pop3.list().drops.front().uidl.size(), 1024u);
}

TEST(Listing, IsRefusedWhereALineMakesNoSense) {
  for (const auto* line : {"x a", "0 a", "-1 a", "4294967296 a", "", "1 a\r\n1 b"}) {
    EXPECT_THROW(listed(fmt::format("+OK\r\n{}\r\n.\r\n", line), "+OK\r\n.\r\n"), Error) << line;
  }
}

TEST(Listing, StatMayTellNothing) {
  for (const auto* stat : {"+OK", "+OK x y", "+OK 99999999999 1"}) {
    EXPECT_EQ(stat_of(stat).messages, std::nullopt) << stat;
  }
  const auto stat = stat_of("+OK 2 320 extra");
  EXPECT_EQ(stat.messages, 2u);
  EXPECT_EQ(stat.bytes, 320u);
}

TEST(Listing, ThatFailsHalfWayHasToldWhatStatSaid) {
  auto pop3 = session(test::Script().say("+OK").expect("STAT").say("+OK 3 30").expect("UIDL").say("* OK IMAP?"));
  EXPECT_FALSE(pop3.stat());
  EXPECT_THROW(pop3.list(), Error);
  ASSERT_TRUE(pop3.stat());
  EXPECT_EQ(pop3.stat()->messages, 3u);
}

}  // namespace
}  // namespace postferry::pop3
