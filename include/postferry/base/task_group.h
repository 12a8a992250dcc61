#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

namespace postferry {

// A handful of threads, each with a name (as `ps -L` shows it). The first exception requests stop of all;
// join() rethrows it (Cancelled only if nobody had a better reason). Owned and joined by one thread.
class TaskGroup {
 public:
  explicit TaskGroup(std::stop_token parent);
  ~TaskGroup();  // requests stop and joins; never throws
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void start(std::string_view name, std::function<void(std::stop_token)> task);
  void join();
  void request_stop() { stop_.request_stop(); }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void note(std::exception_ptr why, bool cancelled) noexcept;

  std::stop_source stop_;
  std::stop_callback<std::function<void()>> follow_parent_;
  std::mutex mutex_;
  std::exception_ptr first_;       // guarded by mutex_
  bool first_is_cancel_ = false;   // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace postferry
