#include <postferry/engine/decide.h>

#include <algorithm>

namespace postferry::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 1, 2, 4 ... seconds, never beyond the longest wait.
milliseconds backoff(unsigned attempt, const Limits& limits) {
  const auto doubled = seconds(1LL << std::min(attempt - 1, 20U));
  return std::min(doubled, limits.longest_wait);
}

// What the waits of all attempts so far come to, this one's included.
seconds waited_in_all(unsigned attempt) { return seconds((1LL << std::min(attempt, 21U)) - 1); }

Decision wait_as_the_server_wishes(seconds wish, unsigned attempt, const Limits& limits) {
  if (wish > limits.longest_wait || attempt > limits.attempts) return {Action::end_later, {}};
  return {Action::again_after, wish};
}

Decision later(const Error& error, unsigned attempt, const Limits& limits, Action exhausted) {
  if (error.retry_after) return wait_as_the_server_wishes(*error.retry_after, attempt, limits);
  if (attempt > limits.attempts) return {exhausted, {}};
  return {Action::again_after, backoff(attempt, limits)};
}

Decision at_once(unsigned attempt, const Limits& limits, Action exhausted) {
  if (attempt > limits.attempts) return {exhausted, {}};
  if (attempt == 1) return {Action::again, {}};
  return {Action::again_after, backoff(attempt - 1, limits)};
}

// A server that is away: nothing but time helps, so it is time that runs out, not attempts.
Decision until_patience_ends(const Error& error, unsigned attempt, const Limits& limits) {
  if (error.retry_after) return wait_as_the_server_wishes(*error.retry_after, attempt, limits);
  if (waited_in_all(attempt) > limits.longest_wait) return {Action::end_later, {}};
  return {Action::again_after, backoff(attempt, limits)};
}

}  // namespace

Decision decide(const Error& error, unsigned attempt, const Limits& limits) {
  switch (error.blast) {
    case Blast::message:
      // Unsettled, it is taken up by the next run; here nobody can send it alone once more.
      return {Action::give_up_message, {}};
    case Blast::folder:
      if (error.retry == Retry::now) return at_once(attempt, limits, Action::give_up_folder);
      if (error.retry == Retry::later) return later(error, attempt, limits, Action::give_up_folder);
      return {Action::give_up_folder, {}};
    case Blast::session:
      // A folder whose every session dies (Exchange 2007: a name that ends in a blank; Zimbra: a share of a
      // locked account) must not take the others with it.
      if (error.retry == Retry::now) return at_once(attempt, limits, Action::give_up_folder);
      if (error.retry == Retry::later) return later(error, attempt, limits, Action::end_later);
      return {Action::end_run, {}};
    case Blast::endpoint:
      return error.retry == Retry::never ? Decision{Action::end_run, {}}
                                         : until_patience_ends(error, attempt, limits);
    case Blast::run:
      return {error.retry == Retry::later ? Action::end_later : Action::end_run, {}};
  }
  return {Action::end_run, {}};
}

}  // namespace postferry::engine
