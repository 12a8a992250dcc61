#include "push_machine.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tables.h"

namespace postferry::scenario {
namespace {

std::string name_of(const std::string& text) {
  static const std::string rewritten = "X-Server: was here\r\n";
  const auto original = text.starts_with(rewritten) ? text.substr(rewritten.size()) : text;
  const auto line = row(0, original, {});
  return line.substr(line.find(' ') + 1);
}

std::vector<mail::Folder> folders_of(const test::MemoryAccount& account) {
  std::vector<mail::Folder> found;
  for (const auto& one : account.folders) found.push_back(one.folder);
  return found;
}

}  // namespace

std::string names_in(const test::MemoryFolder& folder) {
  std::multiset<std::string> names;
  for (const auto& message : folder.messages) names.insert(name_of(message.text));
  std::string line;
  for (const auto& name : names) line += " " + name;
  return line;
}

PushMachine::PushMachine(const std::string& there, test::StepCounter* steps)
    : account(mailbox(there)), ledger(steps), steps_(steps) {}

engine::Report PushMachine::push(const PushSource& from, std::stop_token stop) {
  auto source_account = mailbox(from.table);
  test::MemorySource source(source_account, source_rules);
  test::MemoryDestination destination(account, rules, steps_);
  engine::MappingRules mapping;
  mapping.map = from.map;
  auto mapped = engine::map_folders(folders_of(source_account), folders_of(account), mapping, {});
  engine::Push push(from.account, "imap:me@new.example", destination,
                    other_ledger != nullptr ? *other_ledger : ledger, std::move(mapped), options, limits,
                    clock, events, stop);
  engine::World world{from.account, source, push.sink(), push.ledger(), events, clock, limits,
                      {},           {},     {},          false,         false};
  const auto plan = engine::make_plan(world, stop);
  auto report = engine::run(plan, world, stop);
  appends = destination.appends(), batches = destination.batches(), bodies = destination.bodies();
  flag_changes = destination.flag_changes();
  counts = push.counts();
  return report;
}

std::string PushMachine::there() const {
  std::set<std::string> lines;
  for (const auto& folder : account.folders) {
    if (!folder.messages.empty()) lines.insert(folder.folder.wire_name + ":" + names_in(folder) + "\n");
  }
  std::string all;
  for (const auto& line : lines) all += line;
  return all;
}

std::string PushMachine::flags_of(const std::string& folder, const std::string& name) const {
  for (const auto& one : account.folders) {
    if (one.folder.wire_name != folder) continue;
    for (const auto& message : one.messages) {
      if (name_of(message.text) == name) return row(message.uid, message.text, message.flags);
    }
  }
  return "not there";
}

namespace {

// True if nobody was killed; then all accounts have been pushed.
bool push_all(PushMachine& machine, const PushScenario& scenario, const std::string& how, std::size_t& done,
              const test::StepCounter* steps = nullptr) {
  const auto dead = [&] { return steps != nullptr && steps->dead(); };
  for (; done < scenario.sources.size(); ++done) {
    try {
      const auto report = machine.push(scenario.sources[done]);
      if (dead()) return false;
      EXPECT_TRUE(report.record.balance.adds_up()) << how;
      EXPECT_TRUE(report.record.complete)
          << how << (report.error ? report.error->what() : "")
          << (report.given_up_folders.empty() ? "" : report.given_up_folders.front());
    } catch (const test::Killed&) {
      return false;
    }
  }
  return true;
}

void expect_quiet(PushMachine& machine, const PushScenario& scenario, const std::string& how) {
  for (const auto& source : scenario.sources) {
    EXPECT_TRUE(machine.push(source).record.complete) << how;
    EXPECT_EQ(machine.appends, 0u) << how << ": " << source.account;
  }
  EXPECT_EQ(machine.there(), scenario.after) << how;
}

void prepare(PushMachine& machine, const PushScenario& scenario) {
  machine.rules = scenario.rules;
  machine.limits = scenario.limits;
  machine.options = scenario.options;
}

// Only where the destination begins empty: what another tool has put there would not come back.
void run_emptied(PushMachine& machine, const PushScenario& scenario, bool recreated) {
  const std::string how = recreated ? "re-created" : "emptied";
  for (auto& folder : machine.account.folders) {
    folder.messages.clear();
    if (recreated) folder.next = 1;
  }
  std::size_t done = 0;
  EXPECT_TRUE(push_all(machine, scenario, how, done));
  EXPECT_EQ(machine.there(), scenario.after) << how;
  expect_quiet(machine, scenario, how + ", again");
}

void run_plain(const PushScenario& scenario) {
  PushMachine machine(scenario.there);
  prepare(machine, scenario);
  std::size_t done = 0;
  push_all(machine, scenario, "plain", done);
  EXPECT_EQ(machine.there(), scenario.after) << "plain";
  machine.rules = {};
  machine.rules.rewrites = scenario.rules.rewrites;
  machine.rules.uidplus = scenario.rules.uidplus;
  for (const auto& source : scenario.sources) {
    machine.push(source);
    EXPECT_EQ(machine.appends, 0u) << "again";
  }
  const auto writes = machine.ledger.writes();
  expect_quiet(machine, scenario, "a third time");
  EXPECT_EQ(machine.ledger.writes(), writes) << "nothing has changed, and the ledger was written";
  if (!scenario.rules.rewrites) {
    machine.ledger.lose();
    expect_quiet(machine, scenario, "without the ledger");
    expect_quiet(machine, scenario, "without the ledger, again");
  }
  if (!scenario.there.empty() || testing::Test::HasFailure()) return;
  run_emptied(machine, scenario, false);
  run_emptied(machine, scenario, true);
}

bool run_killed_at(const PushScenario& scenario, std::uint64_t step, bool lose_ledger) {
  test::StepCounter steps;
  steps.die_at(step);
  PushMachine machine(scenario.there, &steps);
  prepare(machine, scenario);
  const auto how = "killed at step " + std::to_string(step) + (lose_ledger ? ", ledger lost" : "");
  std::size_t done = 0;
  if (push_all(machine, scenario, how, done, &steps)) return true;
  steps.die_at(0);
  if (lose_ledger) machine.ledger.lose();
  // A ledger that was lost in the middle is learnt anew from all of the accounts, as a user would do it.
  if (lose_ledger) done = 0;
  EXPECT_TRUE(push_all(machine, scenario, how, done));
  EXPECT_EQ(machine.there(), scenario.after) << how;
  expect_quiet(machine, scenario, how + ", again");
  return false;
}

}  // namespace

void run_push_scenario(const PushScenario& scenario) {
  run_plain(scenario);
  for (const bool lose_ledger : {false, true}) {
    if (scenario.rules.rewrites)
      break;  // content that was changed is recognised in the session that lost the OK only
    for (std::uint64_t step = 1; !testing::Test::HasFailure(); ++step) {
      if (run_killed_at(scenario, step, lose_ledger)) break;
    }
  }
}

}  // namespace postferry::scenario
