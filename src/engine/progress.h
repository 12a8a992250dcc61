#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <postferry/base/ports.h>
#include <postferry/mail/event.h>

namespace postferry::engine {

// Tells what one lane carries, in batches: an event a message would cost more than a small message. One
// thread.
class Progress {
 public:
  Progress(std::string folder, Clock& clock, mail::EventSink& events);

  void carried(std::uint64_t bytes) { count(new_, bytes); }
  void known(std::uint64_t bytes) { count(known_, bytes); }
  void tell();  // what has not been told yet

 private:
  struct Sum {
    std::uint64_t messages = 0, bytes = 0;
  };
  void count(Sum& sum, std::uint64_t bytes);
  void tell(Sum& sum, bool was_known);

  const std::string folder_;
  Clock& clock_;
  mail::EventSink& events_;
  Sum new_, known_;
  std::chrono::steady_clock::time_point due_;
};

}  // namespace postferry::engine
