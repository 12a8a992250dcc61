#include "when.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include <postferry/base/error.h>

namespace postferry::cli {
namespace {

using namespace std::chrono;

class When : public testing::Test {
 protected:
  When() {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  ~When() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(When, ADayBeginsAtLocalMidnight) {
  const auto day = read_date("2024-03-01");
  ASSERT_TRUE(day);
  EXPECT_EQ(day->begin, sys_days(2024y / 2 / 29) + 23h);
  EXPECT_EQ(day->end - day->begin, 24h);
}

TEST_F(When, ADayMayHave23Or25Hours) {
  const auto spring = read_date("2024-03-31"), autumn = read_date("2024-10-27");
  EXPECT_EQ(spring->end - spring->begin, 23h);
  EXPECT_EQ(autumn->end - autumn->begin, 25h);
}

TEST_F(When, ATimeMayNameItsZone) {
  EXPECT_EQ(read_date("2024-03-01T12:00Z")->begin, sys_days(2024y / 3 / 1) + 12h);
  EXPECT_EQ(read_date("2024-03-01T12:00:30+01:30")->begin, sys_days(2024y / 3 / 1) + 10h + 30min + 30s);
  EXPECT_EQ(read_date("2024-03-01 12:00")->begin, sys_days(2024y / 3 / 1) + 11h);
}

TEST_F(When, WhatIsNoDateIsRefused) {
  for (const auto* text : {"", "2024", "2024-02-30", "2024-13-01", "01.03.2024", "2024-03-01x",
                           "2024-03-01T25:00", "yesterday"}) {
    EXPECT_FALSE(read_date(text)) << text;
  }
  EXPECT_THROW(need_date("--since", "soon"), Error);
}

TEST_F(When, SizesHaveUnits) {
  const std::pair<const char*, std::uint64_t> good[] = {
      {"0", 0},           {"500", 500},         {"1K", 1024},       {"25M", 25u << 20},
      {"25MB", 25000000}, {"25MiB", 25u << 20}, {"2g", 2ull << 30}, {"7b", 7}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(read_size(text), bytes) << text;
  for (const auto* text : {"", "M", "-1", "1.5M", "1X", "1MBs", "99999999999999999999", "99999999T"}) {
    EXPECT_FALSE(read_size(text)) << text;
  }
}

TEST_F(When, DatesAreShownInTheServersZone) {
  const mail::Received received{sys_days(2024y / 3 / 1) + 23h + 30min, minutes(60)};
  EXPECT_EQ(shown_date(received), "2024-03-02 00:30");
  EXPECT_EQ(shown_date(std::nullopt), "-");
  EXPECT_EQ(rfc3339(received.at, received.zone), "2024-03-02T00:30:00+01:00");
  EXPECT_EQ(rfc3339(received.at, minutes(-330)), "2024-03-01T18:00:00-05:30");
  EXPECT_EQ(rfc3339(received.at), "2024-03-01T23:30:00Z");
}

TEST_F(When, NumbersAreGrouped) {
  EXPECT_EQ(counted(1, "message", "messages"), "1 message");
  EXPECT_EQ(counted(1234567, "message", "messages"), "1,234,567 messages");
  EXPECT_EQ(duration(3.25), "3.2 s");
  EXPECT_EQ(duration(250), "4 min 10 s");
  EXPECT_EQ(duration(7500), "2 h 5 min");
}

}  // namespace
}  // namespace postferry::cli
