#include "manual_clock.h"

namespace postferry::test {

ManualClock::ManualClock(std::chrono::sys_seconds start) : start_(start) {}

std::chrono::system_clock::time_point ManualClock::now() const {
  const std::lock_guard lock(mutex_);
  return start_ + passed_;
}

std::chrono::steady_clock::time_point ManualClock::steady() const {
  const std::lock_guard lock(mutex_);
  // not zero: code that takes "no time yet" for a time point must show it
  return std::chrono::steady_clock::time_point(std::chrono::hours(1)) + passed_;
}

void ManualClock::sleep_for(std::chrono::milliseconds time, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  sleeps_.push_back(time);
  if (!stop.stop_requested()) passed_ += time;
}

void ManualClock::advance(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  passed_ += time;
}

std::vector<std::chrono::milliseconds> ManualClock::sleeps() const {
  const std::lock_guard lock(mutex_);
  return sleeps_;
}

}  // namespace postferry::test
