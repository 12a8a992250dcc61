#pragma once

#include <stop_token>
#include <utility>

#include <postferry/base/error.h>
#include <postferry/base/ports.h>
#include <postferry/engine/decide.h>
#include <postferry/mail/event.h>

namespace postferry::engine {

// Trying again has come to an end: why, and what that means for the folder or the run.
struct GivenUp {
  Action action;  // give_up_message, give_up_folder, end_later, end_run
  Error error;
  bool exhausted = false;  // it was worth trying again, and was tried again, in vain
};

// Counts attempts, waits between them, and knows when to stop. One thread.
class Patience {
 public:
  Patience(const Limits& limits, Clock& clock, mail::EventSink& events)
      : limits_(limits), clock_(clock), events_(events) {}

  void progress() { attempt_ = 0; }  // something new has arrived: the count starts anew

  // Returns when it is time to try again (having waited, if need be). Throws GivenUp, or Cancelled on `stop`.
  void after(const Error& error, std::stop_token stop);

 private:
  const Limits& limits_;
  Clock& clock_;
  mail::EventSink& events_;
  unsigned attempt_ = 0;
};

// Does `act` until it succeeds or patience ends.
template <class Act>
auto persist(Patience& patience, const std::stop_token& stop, Act&& act) {
  for (;;) {
    try {
      return act();
    } catch (const Error& error) {
      patience.after(error, stop);
    }
  }
}

}  // namespace postferry::engine
