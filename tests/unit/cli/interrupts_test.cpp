#include "interrupts.h"

#include <condition_variable>
#include <csignal>
#include <mutex>

#include <gtest/gtest.h>
#include <unistd.h>

namespace postferry::cli {
namespace {

using namespace std::chrono_literals;

void wait_for(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any requested;
  std::unique_lock lock(mutex);
  requested.wait(lock, stop, [] { return false; });
}

TEST(Interrupts, TheFirstRequestsStopAndTheWorkEndsInItsOwnTime) {
  block_interrupts();
  int asked = 0;
  const auto work = [](std::stop_token stop) {
    ::kill(::getpid(), SIGTERM);
    wait_for(stop);
    return stop.stop_requested() ? 130 : 0;
  };
  EXPECT_EQ(run_interruptible(work, [&] { ++asked; }, [] {}, 1h), 130);
  EXPECT_EQ(asked, 1);
}

TEST(Interrupts, WithoutOneTheWorkIsLeftAlone) {
  block_interrupts();
  EXPECT_EQ(run_interruptible([](std::stop_token) { return 3; }, [] { FAIL(); }, [] {}, 1h), 3);
}

TEST(InterruptsDeathTest, TheSecondEndsTheProcessAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        block_interrupts();
        const auto work = [](std::stop_token stop) {
          ::kill(::getpid(), SIGINT);
          wait_for(stop);
          ::kill(::getpid(), SIGINT);
          wait_for({});
          return 0;
        };
        run_interruptible(work, [] {}, [] {}, 1h);
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace postferry::cli
