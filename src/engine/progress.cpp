#include "progress.h"

#include <utility>

namespace postferry::engine {
namespace {

constexpr std::uint64_t batch_messages = 100;
constexpr std::chrono::milliseconds batch_time{100};

}  // namespace

Progress::Progress(std::string folder, Clock& clock, mail::EventSink& events)
    : folder_(std::move(folder)), clock_(clock), events_(events), due_(clock.steady() + batch_time) {}

void Progress::count(Sum& sum, std::uint64_t bytes) {
  ++sum.messages;
  sum.bytes += bytes;
  if (sum.messages >= batch_messages || clock_.steady() >= due_) tell();
}

void Progress::tell() {
  tell(new_, false);
  tell(known_, true);
  due_ = clock_.steady() + batch_time;
}

void Progress::tell(Sum& sum, bool was_known) {
  if (sum.messages == 0) return;
  events_.on(mail::event::Carried{folder_, sum.bytes, was_known, sum.messages});
  sum = {};
}

}  // namespace postferry::engine
