#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <vector>

#include <postferry/base/ports.h>

namespace postferry::test {

// A clock that stands still until somebody sleeps or advance() is called; sleeping takes no time at all.
// Safe from any thread.
class ManualClock final : public Clock {
 public:
  // 2026-11-20T12:00:00Z unless told
  explicit ManualClock(
      std::chrono::sys_seconds start = std::chrono::sys_seconds(std::chrono::seconds(1795176000)));

  std::chrono::system_clock::time_point now() const override;
  std::chrono::steady_clock::time_point steady() const override;
  void sleep_for(std::chrono::milliseconds time, std::stop_token stop) override;

  void advance(std::chrono::milliseconds time);
  std::vector<std::chrono::milliseconds> sleeps() const;  // what was asked for, in order

 private:
  mutable std::mutex mutex_;
  const std::chrono::sys_seconds start_;
  std::chrono::milliseconds passed_{};             // guarded by mutex_
  std::vector<std::chrono::milliseconds> sleeps_;  // guarded by mutex_
};

}  // namespace postferry::test
