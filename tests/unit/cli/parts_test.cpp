#include "parts.h"

#include <gtest/gtest.h>

namespace postferry::cli {
namespace {

TEST(ReadPart, TakesAPercentageOrAPart) {
  EXPECT_EQ(read_part("5%")->percent, 5);
  EXPECT_EQ(read_part("0.5%")->percent, 0.5);
  EXPECT_EQ(read_part("2/7")->part, std::pair(2u, 7u));
  for (const auto* text : {"", "5", "%", "0%", "101%", "nan%", "0/7", "8/7", "a/b", "1/", "-1%"}) {
    EXPECT_FALSE(read_part(text)) << text;
  }
}

}  // namespace
}  // namespace postferry::cli
