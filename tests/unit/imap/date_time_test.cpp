#include <gtest/gtest.h>

#include "fetch_reader.h"

namespace postferry::imap {
namespace {

using std::chrono::minutes;

struct Case {
  const char* text;
  long long at;
  int zone;
};

TEST(DateTime, ReadsWhatServersWrite) {
  for (const auto& [text, at, zone] : {
           Case{" 1-Jan-2024 10:00:00 +0000", 1704103200, 0},
           Case{"01-Jan-2024 10:00:00 +0000", 1704103200, 0},
           Case{"1-jan-2024 10:00:00 +0000", 1704103200, 0},
           Case{"31-DEC-1969 23:59:59 +0000", -1, 0},
           Case{"17-Jul-1996 02:44:25 -0700", 837596665, -420},
           Case{"29-Feb-2024 23:59:60 +0530", 1709231400, 330},
           Case{" 1-Jan-2100 00:00:00 +1400", 4102394400, 840},
       }) {
    const auto date = parse_date_time(text);
    ASSERT_TRUE(date.has_value()) << text;
    EXPECT_EQ(date->at.time_since_epoch().count(), at) << text;
    EXPECT_EQ(date->zone, minutes(zone)) << text;
  }
}

TEST(DateTime, TakesNothingForADateThatIsNone) {
  for (const auto* text :
       {"", "NIL", "30-Feb-2024 10:00:00 +0000", "1-Jan-2024", "1-Jan-2024 10:00:00",
        "1-Jan-2024 24:00:00 +0000", "1-Jan-2024 10:60:00 +0000", "1-Jan-2024 10:00:00 --400",
        "1-Jan-2024 10:00:00 +0099", "1-Jan-2024 10:00:00 +9900", "1-Jan-2024 10:00:00 +0000 ",
        "0-Jan-2024 1:1:1 +0000", "1-Foo-2024 10:00:00 +0000", "Mon, 1 Jan 2024 10:00:00 +0000"}) {
    EXPECT_EQ(parse_date_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace postferry::imap
