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

// Others write zones that are off by an hour, or "--400" (offlineimap#186, node-imap#458).
TEST(DateTime, IsReadBackAsItIsWrittenAtEveryHourInEveryZone) {
  constexpr long long days[] = {0, 951782400, 1711843200, 1729987200, 4102444800, -86400};
  for (const auto day : days) {
    for (int hour = 0; hour < 24; ++hour) {
      for (int zone = -12 * 60; zone <= 14 * 60; zone += 15) {
        const mail::Received received{
            std::chrono::sys_seconds(std::chrono::seconds(day + hour * 3600LL + 59)), minutes(zone)};
        const auto text = format_date_time(received);
        ASSERT_EQ(text.size(), 28u) << text;
        ASSERT_EQ(parse_date_time(text.substr(1, 26)), received) << text;
      }
    }
  }
}

TEST(DateTime, IsWrittenWithABlankBeforeADayOfOneDigit) {
  EXPECT_EQ(format_date_time({std::chrono::sys_seconds(std::chrono::seconds(1704103200)), minutes(0)}),
            "\" 1-Jan-2024 10:00:00 +0000\"");
  EXPECT_EQ(format_date_time({std::chrono::sys_seconds(std::chrono::seconds(837596665)), minutes(-420)}),
            "\"17-Jul-1996 02:44:25 -0700\"");
}

}  // namespace
}  // namespace postferry::imap
