#include <pthread.h>

#include <array>
#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include <postferry/base/bounded_queue.h>
#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/base/task_group.h>

namespace postferry {
namespace {

using std::chrono::steady_clock;

std::stop_token stopped() {
  std::stop_source stop;
  stop.request_stop();
  return stop.get_token();
}

TEST(BoundedQueue, HandsOverInOrderAndThenEnds) {
  BoundedQueue<int> queue(4);
  for (int i : {1, 2, 3}) queue.push(i, {});
  queue.close();
  for (int i : {1, 2, 3}) EXPECT_EQ(queue.pop({}).item, i);
  EXPECT_TRUE(queue.pop({}).end);
  EXPECT_TRUE(queue.pop({}, steady_clock::now()).end);
}

TEST(BoundedQueue, SaysWhenNothingCameUntilTheDeadline) {
  BoundedQueue<int> queue(1);
  const auto popped = queue.pop({}, steady_clock::now());
  EXPECT_FALSE(popped.item);
  EXPECT_FALSE(popped.end);
  EXPECT_FALSE(queue.try_pop());
}

TEST(BoundedQueue, WhatWasPushedBeforeAFailureStillCounts) {
  BoundedQueue<int> queue(2);
  queue.push(1, {});
  queue.close(std::make_exception_ptr(Error(Cause::network, Blast::session, Retry::now, "cut")));
  EXPECT_EQ(queue.pop({}).item, 1);
  EXPECT_THROW(queue.pop({}), Error);
  EXPECT_TRUE(queue.pop({}).end);
}

TEST(BoundedQueue, AWaitEndsWhenStopIsAsked) {
  BoundedQueue<int> queue(1);
  EXPECT_THROW(queue.pop(stopped()), Cancelled);
  EXPECT_THROW(queue.pop(stopped(), steady_clock::now() + std::chrono::hours(1)), Cancelled);
  queue.push(1, {});
  EXPECT_THROW(queue.push(2, stopped()), Cancelled);
}

TEST(BoundedQueue, LosesNothingBetweenManyThreads) {
  BoundedQueue<int> queue(3);
  std::atomic<long> sum = 0;
  constexpr int each = 2000;
  {
    TaskGroup readers({});
    for (int r = 0; r < 3; ++r) {
      readers.start("reader", [&](std::stop_token stop) {
        while (auto item = queue.pop(stop).item) sum += *item;
      });
    }
    TaskGroup writers({});
    for (int w = 0; w < 3; ++w) {
      writers.start("writer", [&](std::stop_token stop) {
        for (int i = 1; i <= each; ++i) queue.push(i, stop);
      });
    }
    writers.join();
    queue.close();
    readers.join();
  }
  EXPECT_EQ(sum, 3L * each * (each + 1) / 2);
}

TEST(ByteBudget, LendsUntilNothingIsLeft) {
  ByteBudget budget(100);
  auto first = budget.take(60, {});
  auto second = budget.take(40, {});
  EXPECT_THROW(budget.take(1, stopped()), Cancelled);
  first = {};
  auto third = budget.take(60, stopped());
}

TEST(ByteBudget, CutsWhatIsMoreThanItsWhole) {
  ByteBudget budget(100);
  {
    auto all = budget.take(1'000'000, {});
  }
  auto again = budget.take(100, stopped());
}

TEST(ByteBudget, AMovedLeaseIsGivenBackOnce) {
  ByteBudget budget(100);
  {
    auto lease = budget.take(100, {});
    auto moved = std::move(lease);
    lease = std::move(moved);
  }
  auto all = budget.take(100, stopped());
  EXPECT_THROW(budget.take(1, stopped()), Cancelled);
}

TEST(ByteBudget, ABigAskIsNotStarvedBySmallOnes) {
  ByteBudget budget(100);
  auto held = budget.take(50, {});
  std::stop_source give_up;
  std::jthread big([&] {
    try {
      budget.take(100, give_up.get_token());
    } catch (const Cancelled&) { /* that is the test's end */
    }
  });
  // once the big one waits, a small one must wait behind it though there is room
  while (true) {
    try {
      auto small = budget.take(10, stopped());
    } catch (const Cancelled&) {
      break;
    }
    std::this_thread::yield();
  }
  give_up.request_stop();
  big.join();
  auto small = budget.take(50, stopped());
}

TEST(ByteBudget, SharesAmongManyThreads) {
  ByteBudget budget(1000);
  std::atomic<int> in_use = 0;
  std::atomic<bool> exceeded = false;
  TaskGroup group({});
  for (int t = 0; t < 4; ++t) {
    group.start("borrower", [&, t](std::stop_token stop) {
      for (int i = 0; i < 1000; ++i) {
        const int bytes = 1 + (i * 37 + t * 101) % 900;
        auto lease = budget.take(static_cast<std::size_t>(bytes), stop);
        if ((in_use += bytes) > 1000) exceeded = true;
        in_use -= bytes;
      }
    });
  }
  group.join();
  EXPECT_FALSE(exceeded);
  auto all = budget.take(1000, stopped());
}

TEST(TaskGroup, RunsUnderTheNamesItWasGiven) {
  std::array<char, 16> name{};
  TaskGroup group({});
  group.start("lane 3 of a long name",
              [&](std::stop_token) { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  group.join();
  EXPECT_STREQ(name.data(), "lane 3 of a lon");
}

TEST(TaskGroup, TheFirstFailureStopsAllAndIsToldByJoin) {
  TaskGroup group({});
  group.start("waits", [](std::stop_token stop) {
    BoundedQueue<int> never(1);
    never.pop(stop);
  });
  group.start("fails",
              [](std::stop_token) { throw Error(Cause::storage, Blast::run, Retry::never, "disk"); });
  try {
    group.join();
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "disk");
  }
  group.join();  // told once
}

TEST(TaskGroup, AReasonIsBetterThanACancel) {
  TaskGroup group({});
  std::latch cancelled(1);
  group.start("first", [&](std::stop_token) {
    cancelled.count_down();
    throw Cancelled();
  });
  group.start("second", [&](std::stop_token) {
    cancelled.wait();
    throw Error(Cause::network, Blast::session, Retry::now, "reason");
  });
  EXPECT_THROW(group.join(), Error);
}

TEST(TaskGroup, FollowsItsParent) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  group.start("waits", [](std::stop_token stop) {
    BoundedQueue<int> never(1);
    never.pop(stop);
  });
  parent.request_stop();
  EXPECT_THROW(group.join(), Cancelled);
}

TEST(TaskGroup, ItsEndStopsWhatStillRuns) {
  TaskGroup group({});
  group.start("waits", [](std::stop_token stop) {
    BoundedQueue<int> never(1);
    never.pop(stop);
  });
}

}  // namespace
}  // namespace postferry
