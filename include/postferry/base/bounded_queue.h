#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <postferry/base/error.h>

namespace postferry {

// What pop() found: an item, nothing yet (the deadline passed), or the end.
template <class T>
struct Popped {
  std::optional<T> item;
  bool end = false;
};

// The only way two threads of a lane talk. Bounded in items; bytes are the ByteBudget's.
// Any number of threads on either side. Cancelled is thrown from a wait whose `stop` is requested.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits while full. After close() it is a bug to push.
  void push(T item, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const auto room = [&] { return items_.size() < capacity_; };
    if (!room() && !room_.wait(lock, stop, room)) throw Cancelled();
    items_.push_back(std::move(item));
    if (items_.size() == 1) filled_.notify_all();
  }

  // Waits while empty, until `deadline` (a checkpoint may be due). At the end it rethrows, once, the
  // exception that close() was given; what was pushed before still counts and comes first.
  Popped<T> pop(std::stop_token stop, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !items_.empty() || closed_; };
    if (!ready() && !filled_.wait_until(lock, stop, deadline, ready)) {
      if (stop.stop_requested()) throw Cancelled();
      return {};
    }
    return take();
  }

  Popped<T> pop(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !items_.empty() || closed_; };
    if (!ready() && !filled_.wait(lock, stop, ready)) throw Cancelled();
    return take();
  }

  // Nothing waiting: time to send a partial batch.
  std::optional<T> try_pop() {
    std::unique_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    return std::move(take().item);
  }

  void close() { close(nullptr); }  // nothing more will come
  void close(std::exception_ptr why) {
    std::unique_lock lock(mutex_);
    closed_ = true;
    if (why && !why_) why_ = std::move(why);
    filled_.notify_all();
  }

 private:
  Popped<T> take() {
    Popped<T> out;
    if (items_.empty()) {
      if (why_) std::rethrow_exception(std::exchange(why_, nullptr));
      out.end = true;
      return out;
    }
    out.item = std::move(items_.front());
    items_.pop_front();
    // woken in batches: a wake-up a message costs more than a small message does
    if (items_.size() == capacity_ - 1 || items_.size() == capacity_ / 2 || items_.empty()) room_.notify_all();
    return out;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any room_, filled_;
  std::deque<T> items_;     // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
  std::exception_ptr why_;  // guarded by mutex_
};

}  // namespace postferry
