#include <postferry/engine/decide.h>

#include <gtest/gtest.h>

namespace postferry::engine {
namespace {

using std::chrono::seconds;

struct Row {
  Blast blast;
  Retry retry;
  unsigned attempt;
  Decision expected;
};

Error error(Blast blast, Retry retry) { return {Cause::network, blast, retry, "no"}; }

constexpr Decision wait(int how_long) { return {Action::again_after, seconds(how_long)}; }
constexpr Decision only(Action action) { return {action, seconds(0)}; }

TEST(Decide, FollowsTheTable) {
  const Row rows[] = {
      {Blast::message, Retry::now, 1, only(Action::give_up_message)},
      {Blast::message, Retry::later, 1, only(Action::give_up_message)},
      {Blast::message, Retry::never, 1, only(Action::give_up_message)},

      {Blast::folder, Retry::now, 1, only(Action::again)},
      {Blast::folder, Retry::now, 2, wait(1)},
      {Blast::folder, Retry::now, 6, only(Action::give_up_folder)},
      {Blast::folder, Retry::later, 1, wait(1)},
      {Blast::folder, Retry::later, 3, wait(4)},
      {Blast::folder, Retry::later, 6, only(Action::give_up_folder)},
      {Blast::folder, Retry::never, 1, only(Action::give_up_folder)},

      {Blast::session, Retry::now, 1, only(Action::again)},
      {Blast::session, Retry::now, 3, wait(2)},
      {Blast::session, Retry::now, 5, wait(8)},
      {Blast::session, Retry::now, 6, only(Action::give_up_folder)},
      {Blast::session, Retry::later, 1, wait(1)},
      {Blast::session, Retry::later, 5, wait(16)},
      {Blast::session, Retry::later, 6, only(Action::end_later)},
      {Blast::session, Retry::never, 1, only(Action::end_run)},

      {Blast::endpoint, Retry::now, 1, wait(1)},
      {Blast::endpoint, Retry::later, 1, wait(1)},
      {Blast::endpoint, Retry::later, 9, wait(256)},                 // 511 s in all
      {Blast::endpoint, Retry::later, 10, only(Action::end_later)},  // would be 1023 s
      {Blast::endpoint, Retry::later, 1000, only(Action::end_later)},
      {Blast::endpoint, Retry::never, 1, only(Action::end_run)},

      {Blast::run, Retry::now, 1, only(Action::end_run)},
      {Blast::run, Retry::later, 1, only(Action::end_later)},
      {Blast::run, Retry::never, 1, only(Action::end_run)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(decide(error(row.blast, row.retry), row.attempt, Limits{}), row.expected)
        << "blast " << static_cast<int>(row.blast) << ", retry " << static_cast<int>(row.retry)
        << ", attempt " << row.attempt;
  }
}

TEST(Decide, HonoursTheServersWishUpToTheLongestWait) {
  for (const auto blast : {Blast::folder, Blast::session, Blast::endpoint}) {
    auto throttled = error(blast, Retry::later);
    throttled.retry_after = seconds(300);
    EXPECT_EQ(decide(throttled, 1, Limits{}), wait(300));
    EXPECT_EQ(decide(throttled, 6, Limits{}), only(Action::end_later))
        << "asked too often, and nothing came in between";
    throttled.retry_after = seconds(901);
    EXPECT_EQ(decide(throttled, 1, Limits{}), only(Action::end_later));
  }
}

TEST(Decide, NeverWaitsLongerThanTheLongestWait) {
  Limits short_of_time;
  short_of_time.longest_wait = seconds(3);
  short_of_time.attempts = 50;
  EXPECT_EQ(decide(error(Blast::session, Retry::later), 40, short_of_time), wait(3));
  EXPECT_EQ(decide(error(Blast::endpoint, Retry::later), 3, short_of_time), only(Action::end_later));
}

}  // namespace
}  // namespace postferry::engine
