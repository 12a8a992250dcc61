#include "transfer_time.h"

#include <gtest/gtest.h>

namespace postferry::cli {
namespace {

TEST(TransferTime, IsThatOfTheLine) {
  const TransferTime time{.messages = 1000, .bytes = 750'000'000};
  EXPECT_DOUBLE_EQ(time.seconds(100), 60);
  EXPECT_EQ(time.in_words(), "about 1 min 0 s at 100 Mbit/s, 10 min 0 s at 10 Mbit/s");
  EXPECT_EQ(TransferTime{}.in_words(), "");
}

TEST(TransferTime, IsThatOfTheNarrowerDailyLimit) {
  TransferTime time{
      .messages = 1, .bytes = 5'000'000'001, .daily_down = 2'500'000'000, .daily_up = 500'000'000};
  EXPECT_EQ(time.days(), 11u);
  EXPECT_TRUE(time.in_words().ends_with(
      "; but the destination takes at most 476.8 MiB a day: at least 11 days, one run a day"))
      << time.in_words();
  time.daily_up.reset();
  EXPECT_EQ(time.days(), 3u);
  EXPECT_NE(time.in_words().find("the source gives out at most 2.3 GiB a day: at least 3 days"),
            std::string::npos);
  time.bytes = 2'500'000'000;
  EXPECT_EQ(time.days(), std::nullopt);
}

TEST(TransferTime, IsGuessedWhereNobodyTellsSizes) {
  const TransferTime time{.messages = 1000};
  EXPECT_DOUBLE_EQ(time.seconds(10), 60);
  EXPECT_NE(time.in_words().find("the server tells no sizes"), std::string::npos);
}

}  // namespace
}  // namespace postferry::cli
