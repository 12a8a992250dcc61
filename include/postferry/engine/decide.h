#pragma once

#include <chrono>

#include <postferry/base/error.h>
#include <postferry/engine/job.h>

namespace postferry::engine {

enum class Action { again, again_after, give_up_message, give_up_folder, end_later, end_run };

struct Decision {
  Action action = Action::end_run;
  std::chrono::milliseconds wait{0};  // for again_after
  bool operator==(const Decision&) const = default;
};

// Pure: the same error, attempt (1 for the first failure without progress since) and limits always give the same
// decision. Tested as a table; the table is in ARCHITECTURE.md.
Decision decide(const Error& error, unsigned attempt, const Limits& limits);

}  // namespace postferry::engine
