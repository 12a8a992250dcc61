#include "throttle_hint.h"

#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

using std::chrono::seconds;

TEST(ThrottleHint, ReadsTheWaitThatExchangeOnlineSuggests) {
  EXPECT_EQ(throttle_hint("Request is throttled. Suggested Backoff Time: 299609 milliseconds"), seconds(300));
  EXPECT_EQ(throttle_hint("Suggested Backoff Time: 0 milliseconds"), seconds(0));
}

TEST(ThrottleHint, SaysNothingWhenTheServerDoesNot) {
  for (const auto* text : {"", "[OVERQUOTA] Account exceeded command or bandwidth limits.",
                           "Suggested Backoff Time: soon", "Suggested Backoff Time: -5 milliseconds",
                           "Suggested Backoff Time: ", "Suggested Backoff Time: 99999999999999999999"}) {
    EXPECT_EQ(throttle_hint(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace postferry::imap
