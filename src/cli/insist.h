#pragma once

#include <chrono>
#include <stop_token>

#include <postferry/engine/decide.h>
#include <postferry/mail/event.h>

#include "program_state.h"

namespace postferry::cli {

// Does `act` again for as long as the engine would (engine/decide.h): for what is asked of a server outside a run. `stop`
// ends the waiting.
template <class Act>
auto insist(const Program& program, const engine::Limits& limits, mail::EventSink& events, const std::stop_token& stop,
            const Act& act) {
  for (unsigned attempt = 1;; ++attempt) {
    try {
      return act();
    } catch (const Error& error) {
      const auto next = engine::decide(error, attempt, limits);
      if (next.action != engine::Action::again && next.action != engine::Action::again_after) throw;
      if (next.wait.count() > 0) {
        events.on(mail::event::Waiting{error.what(), std::chrono::ceil<std::chrono::seconds>(next.wait)});
        program.clock.sleep_for(next.wait, stop);
      }
      if (stop.stop_requested()) throw Cancelled();
    }
  }
}

template <class Act>
auto insist(const Program& program, const engine::Limits& limits, mail::EventSink& events, const Act& act) {
  return insist(program, limits, events, program.stop, act);
}

}  // namespace postferry::cli
