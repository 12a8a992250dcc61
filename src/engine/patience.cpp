#include "patience.h"

namespace postferry::engine {

void Patience::after(const Error& error, std::stop_token stop) {
  // An aborted connection may be told as a lost one.
  if (stop.stop_requested()) throw Cancelled();
  const auto decision = decide(error, ++attempt_, limits_);
  if (decision.action == Action::again) return;
  if (decision.action != Action::again_after) throw GivenUp{decision.action, error, attempt_ > 1};

  events_.on(mail::event::Waiting{error.what(), std::chrono::ceil<std::chrono::seconds>(decision.wait)});
  clock_.sleep_for(decision.wait, stop);
  if (stop.stop_requested()) throw Cancelled();
}

}  // namespace postferry::engine
