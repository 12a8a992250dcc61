#include <gtest/gtest.h>

#include "progress.h"

namespace postferry::cli {
namespace {

mail::Failure failure(const std::string& reason) {
  mail::Failure out;
  out.folder = "INBOX";
  out.ref.number = 7;
  out.headline = {"2024-03-01", "Ann <ann@example.org>", "Hello\x1b[31m"};
  out.reason = reason;
  return out;
}

TEST(FailureLine, NamesTheMessageAndTheReason) {
  EXPECT_EQ(failure_line(failure("the server has lost it")),
            "INBOX uid 7: 2024-03-01, Ann <ann@example.org>, \"Hello\\x1B[31m\": the server has lost it");
}

TEST(FailureLine, SaysThePlaceOnce) {
  auto bare = failure("INBOX uid 7: the server has lost it");
  bare.headline = {};
  EXPECT_EQ(failure_line(bare), "INBOX uid 7: the server has lost it");
}

TEST(FailureLine, NamesAMessageOfAMaildropByItsUidl) {
  auto drop = failure("gone");
  drop.ref.uidl = "00ab";
  drop.headline = {};
  EXPECT_EQ(failure_line(drop), "INBOX UIDL 00ab: gone");
  drop.ref.uidl.clear(), drop.ref.epoch = mail::pop3_epoch;  // where UIDLs do not serve
  EXPECT_EQ(failure_line(drop), "INBOX message 7: gone");
}

}  // namespace
}  // namespace postferry::cli
