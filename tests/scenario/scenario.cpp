#include "scenario.h"

#include <utility>

#include <gtest/gtest.h>

#include "tables.h"

namespace postferry::scenario {
namespace {

// The mailbox of one pass through a scenario. A table of the next state is applied once, whatever is killed.
class Pass {
 public:
  explicit Pass(const Scenario& scenario) : scenario_(scenario) {}

  bool more() const { return done_ < scenario_.states.size(); }
  // Backs up the state whose turn it is, until done() is called.
  engine::Report next(Machine& machine) {
    if (applied_ == done_) change(account_, scenario_.states[applied_++]);
    return machine.backup(account_, scenario_.rules, scenario_.limits);
  }
  void done() { ++done_; }
  engine::Report again(Machine& machine) {
    return machine.backup(account_, scenario_.rules, scenario_.limits);
  }

 private:
  const Scenario& scenario_;
  test::MemoryAccount account_;
  std::size_t applied_ = 0, done_ = 0;
};

std::string wanted(const Scenario& scenario) {
  return normalised(scenario.after.empty() ? scenario.states.back() : scenario.after);
}

void expect_sound(Machine& machine, const std::string& how) {
  for (const auto& problem : machine.problems()) ADD_FAILURE() << how << ": " << problem;
}

void expect_arrived(Machine& machine, const Scenario& scenario, const std::string& how) {
  EXPECT_EQ(machine.last_snapshot(), wanted(scenario)) << how;
  expect_sound(machine, how);
}

void expect_clean(const engine::Report& report, const Scenario& scenario, const std::string& how) {
  EXPECT_TRUE(report.record.balance.adds_up()) << how;
  EXPECT_EQ(report.record.complete, scenario.clean) << how << (report.error ? report.error->what() : "");
}

void run_plain_and_again(const Scenario& scenario) {
  Machine machine;
  Pass pass(scenario);
  for (; pass.more(); pass.done()) expect_clean(pass.next(machine), scenario, "plain");
  expect_arrived(machine, scenario, "plain");
  if (!scenario.clean) return;

  const auto packs = machine.packs();
  expect_clean(pass.again(machine), scenario, "again");
  EXPECT_EQ(machine.bodies, 0u) << "a run over an unchanged mailbox fetched";
  EXPECT_EQ(machine.packs(), packs) << "a run over an unchanged mailbox wrote a pack";
  expect_arrived(machine, scenario, "again");

  machine.catalog.reset();
  expect_clean(pass.again(machine), scenario, "without the catalog");
  EXPECT_EQ(machine.bodies, 0u) << "the catalog was lost, and mail was fetched again";
  EXPECT_EQ(machine.packs(), packs) << "the catalog was lost, and mail was stored again";
  expect_arrived(machine, scenario, "without the catalog");
}

// True if the pass came to its end without being killed.
bool run_killed_at(const Scenario& scenario, std::uint64_t step) {
  constexpr test::Cut cuts[] = {test::Cut::drop, test::Cut::keep, test::Cut::tear};
  const auto cut = cuts[step % 3];
  test::StepCounter steps;
  steps.die_at(step);
  Machine machine(&steps);
  Pass pass(scenario);
  bool killed = false;
  while (pass.more()) {
    try {
      pass.next(machine);
    } catch (const Error&) {
      if (!steps.dead()) throw;  // in a dead program anything may fail; in a living one nothing may
    }
    if (!steps.dead()) {
      pass.done();
      continue;
    }
    killed = true;
    steps.die_at(0);
    machine.die(cut);
    if (step % 2 == 0) machine.catalog.reset();
  }
  const auto how =
      "killed at step " + std::to_string(step) + ", cut " + std::to_string(static_cast<int>(cut));
  expect_arrived(machine, scenario, how);
  return !killed;
}

// True if the disk never was full.
bool run_full_at(const Scenario& scenario, std::uint64_t write) {
  const auto how = "disk full at write " + std::to_string(write);
  Machine machine;
  Pass pass(scenario);
  machine.files.fill_up_at(write);
  bool was_full = false;
  while (pass.more()) {
    try {
      const auto report = pass.next(machine);
      EXPECT_TRUE(report.record.balance.adds_up()) << how;
      if (report.ending == engine::Ending::done) {
        pass.done();
        continue;
      }
      EXPECT_EQ(report.error->cause, Cause::storage) << how << ": " << report.error->what();
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::storage) << how << ": " << error.what();
    }
    if (std::exchange(was_full, true)) {
      ADD_FAILURE() << how << ": it went on after there was room again";
      break;
    }
    machine.files.fill_up_at(0);
    expect_sound(machine, how);
  }
  expect_arrived(machine, scenario, how);
  return !was_full;
}

}  // namespace

void run_scenario(const Scenario& scenario) {
  run_plain_and_again(scenario);
  for (std::uint64_t step = 1; !testing::Test::HasFailure(); step += scenario.stride) {
    if (run_killed_at(scenario, step)) break;
  }
  for (std::uint64_t write = 1; !testing::Test::HasFailure(); write += scenario.stride) {
    if (run_full_at(scenario, write)) break;
  }
}

}  // namespace postferry::scenario
