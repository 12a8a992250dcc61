#pragma once

#include <map>
#include <string>
#include <vector>

#include <postferry/engine/push.h>

#include "support/events.h"
#include "support/manual_clock.h"
#include "support/memory_destination.h"
#include "support/memory_push_ledger.h"

namespace postferry::scenario {

// One source account of a push, as a table (tables.h).
struct PushSource {
  std::string account, table;
  std::map<std::string, std::string> map{};  // --map
};

// A destination, the ledger, and the machine between: what outlives a run.
class PushMachine {
 public:
  explicit PushMachine(const std::string& there, test::StepCounter* steps = nullptr);

  // A whole migration as the program makes it: lists both sides, maps, plans, runs.
  engine::Report push(const PushSource& source, std::stop_token stop = {});
  // What lies there, a line a folder, names in order: "INBOX: a b b\n". Empty folders are left out.
  std::string there() const;
  std::string flags_of(const std::string& folder, const std::string& name) const;

  test::DestinationRules rules;
  engine::PushOptions options;
  engine::Limits limits{.lanes = 1};
  test::SourceRules source_rules;
  test::MemoryAccount account;  // the destination's
  test::MemoryPushLedger ledger;
  mail::PushLedger* other_ledger = nullptr;  // used instead, if set
  test::ManualClock clock;
  test::RecordingEvents events;
  std::uint64_t appends = 0, batches = 0, bodies = 0, flag_changes = 0;  // of the last push
  engine::PushCounts counts;

 private:
  test::StepCounter* const steps_;
};

// The same message once, however its lines and letters were made: "INBOX: a b b".
std::string names_in(const test::MemoryFolder& folder);

struct PushScenario {
  std::vector<PushSource> sources;
  std::string there{};  // before
  std::string after;    // names in each folder
  test::DestinationRules rules{};
  engine::Limits limits{.lanes = 1};
  engine::PushOptions options{};
};

// Plain; again, and again without the ledger, when nothing may be sent; killed at every side effect and
// started again, with and without its ledger; the destination emptied; and re-created under the same
// UIDVALIDITY.
void run_push_scenario(const PushScenario& scenario);

}  // namespace postferry::scenario
