#include "failures.h"

namespace postferry::engine {

void FailureList::add(mail::Failure failure, std::uint64_t messages) {
  events_.on(mail::event::GivenUp{failure});
  const std::lock_guard lock(mutex_);
  if (named_.size() == most) {
    more_ += messages;
    return;
  }
  named_.push_back(std::move(failure));
  more_ += messages - 1;
}

std::pair<std::vector<mail::Failure>, std::uint64_t> FailureList::take() {
  const std::lock_guard lock(mutex_);
  return {std::move(named_), more_};
}

}  // namespace postferry::engine
