#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/engine/job.h>
#include <postferry/engine/release.h>

#include "support/faulty_files.h"
#include "support/manual_clock.h"
#include "support/memory_mail.h"
#include "support/step_counter.h"

namespace postferry::scenario {

// What happens to a mailbox, told as tables (tables.h). Each state is backed up by one run, in order.
struct Scenario {
  std::vector<std::string> states;
  std::string after{};        // the last snapshot; empty: the last state
  test::SourceRules rules{};  // of every run
  engine::Limits limits{.lanes = 1};
  bool clean = true;  // every run ends complete
  // Every how many-th step is killed; 1 for small scenarios.
  unsigned stride = 1;
};

// One archive on one disk and the machine that writes it: what outlives a run.
class Machine {
 public:
  explicit Machine(test::StepCounter* steps = nullptr) : files(steps) {}

  // A whole backup as the program makes it: opens (or creates) the archive, plans, runs, commits.
  engine::Report backup(test::MemoryAccount& account, const test::SourceRules& rules,
                        const engine::Limits& limits, std::stop_token stop = {});
  // The same by a job that empties its source.
  engine::ReleaseReport backup_and_empty(test::MemoryAccount& account, const test::SourceRules& rules,
                                         const engine::ReleaseRules& release);
  // The machine goes down, and comes up under another boot id: nobody of before is alive.
  void die(test::Cut cut);
  // The last snapshot as a table, every body read back and verified. "" if there is none.
  std::string last_snapshot();
  // `check --read-data`: what is wrong with the archive; empty if it is sound.
  std::vector<std::string> problems();
  std::size_t packs() const;
  // The texts of all entries of the last snapshot, whatever became of them at the source; sorted.
  std::vector<std::string> everything_held();

  test::FaultyFiles files;
  test::ManualClock clock;
  std::unique_ptr<archive::Cache> catalog;  // lost by resetting it
  std::uint64_t bodies = 0;                 // fetched by the last backup

 private:
  std::unique_ptr<archive::Archive> open();
  engine::Report run(test::MemoryAccount& account, const test::SourceRules& rules, const engine::Limits& limits,
                     const engine::ReleaseRules* release, engine::ReleaseReport* released, std::stop_token stop);
};

// Plain; again, when nothing may happen; without the catalog; killed at every step and started again; and
// with the disk full at every write. Each must end in the same state. The first step that does not is the bug
// report.
void run_scenario(const Scenario& scenario);

}  // namespace postferry::scenario
