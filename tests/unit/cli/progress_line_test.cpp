#include <gtest/gtest.h>

#include "progress.h"

namespace postferry::cli {
namespace {

ProgressState state() {
  return {.folders = 28,
          .folders_done = 3,
          .messages = 10000,
          .messages_done = 1234,
          .bytes = 100u << 20,
          .bytes_done = 20u << 20,
          .rate = 4.0 * (1u << 20),
          .folder = "Work",
          .waiting = {},
          .waiting_left = 0};
}

TEST(ProgressLine, SaysHowFarItIsAndHowLongItTakes) {
  EXPECT_EQ(progress_line(state(), 200),
            "1,234/10,000 messages  20.0 MiB/100.0 MiB  folder 3/28  4.0 MiB/s  20.0 s left  Work");
}

TEST(ProgressLine, LeavesOutTheLeastImportantWhereItIsNarrow) {
  EXPECT_EQ(progress_line(state(), 45), "1,234/10,000 messages  20.0 MiB/100.0 MiB");
  EXPECT_EQ(progress_line(state(), 10), "1,234/10,0");
  for (std::size_t width = 1; width < 120; ++width) EXPECT_LE(progress_line(state(), width).size(), width);
}

TEST(ProgressLine, SaysWhatItWaitsFor) {
  auto s = state();
  s.waiting = "imap.example.org: too many\nconnections";
  s.waiting_left = 12;
  EXPECT_EQ(progress_line(s, 200), "waiting 12.0 s: imap.example.org: too many\\x0Aconnections");
}

TEST(ProgressLine, SaysNoTotalItDoesNotKnow) {
  ProgressState s;
  s.messages_done = 5;
  EXPECT_EQ(progress_line(s, 80), "5 messages  0 B");
}

}  // namespace
}  // namespace postferry::cli
