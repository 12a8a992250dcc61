#include <algorithm>
#include <condition_variable>
#include <mutex>

#include <postferry/base/files.h>

namespace postferry {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
  std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }

  void sleep_for(std::chrono::milliseconds time, std::stop_token stop) override {
    // a wait for ever must not overflow the deadline
    const auto bounded = std::min<std::chrono::milliseconds>(time, std::chrono::hours(24 * 365));
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::move(stop), bounded, [] { return false; });
  }
};

}  // namespace

std::unique_ptr<Clock> system_clock() { return std::make_unique<SystemClock>(); }

}  // namespace postferry
