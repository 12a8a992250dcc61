#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include <postferry/mail/event.h>
#include <postferry/mail/sink.h>

namespace postferry::engine {

// The messages that failed, of all folders: the first of them by name, the rest as a number. Any thread.
class FailureList {
 public:
  static constexpr std::size_t most = 10000;

  explicit FailureList(mail::EventSink& events) : events_(events) {}

  void add(mail::Failure failure, std::uint64_t messages = 1);
  // The list and how many are not in it. Ends the list's use.
  std::pair<std::vector<mail::Failure>, std::uint64_t> take();

 private:
  mail::EventSink& events_;
  std::mutex mutex_;
  std::vector<mail::Failure> named_;  // guarded by mutex_
  std::uint64_t more_ = 0;            // guarded by mutex_
};

}  // namespace postferry::engine
