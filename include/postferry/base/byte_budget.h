#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>

namespace postferry {

// Rations the memory that messages in flight may hold, over all lanes together.
// A lease travels inside the message and is returned when the message is destroyed,
// so a slow writer stops the readers without anybody having to tell them.
class ByteBudget {
 public:
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();

   private:
    friend class ByteBudget;
    Lease(ByteBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t bytes);

  // Waits until `bytes` are free, first come, first served; asks for more than the whole budget are cut to
  // it. Cancelled if `stop` is requested meanwhile. Must not be called by a thread that holds leases which
  // only it can return (that is how deadlocks start); leases already handed on into a queue are no such
  // thing.
  Lease take(std::size_t bytes, std::stop_token stop);

 private:
  void give_back(std::size_t bytes) noexcept;

  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::size_t free_;  // guarded by mutex_
  std::deque<const void*>
      queue_;  // guarded by mutex_; who waits, so that big asks are not starved by small ones
  const std::size_t total_;
};

}  // namespace postferry
