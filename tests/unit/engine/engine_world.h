#pragma once

#include <string>

#include <postferry/engine/job.h>

#include "support/events.h"
#include "support/manual_clock.h"
#include "support/memory_mail.h"
#include "support/memory_sink.h"

namespace postferry::engine {

// A source and a sink in memory, and what the engine borrows between them.
struct EngineWorld {
  test::MemoryAccount account;
  test::SourceRules rules;
  test::MemorySink sink;
  test::RecordingEvents events;
  test::ManualClock clock;
  Limits limits{.lanes = 1};
  MessageFilter messages;
  FolderFilter folders;
  ByteBudget* budget = nullptr;
  bool full = false, accept_shrink = false;
  std::uint64_t bodies = 0;  // of the last run

  void fill(const std::string& folder, unsigned count) {
    for (unsigned i = 1; i <= count; ++i)
      account.folder(folder).add(test::mail_text(folder + std::to_string(i)));
  }

  Report run(std::stop_token stop = {}) {
    test::MemorySource source(account, rules, budget);
    auto world = borrow(source);
    const auto plan = make_plan(world, stop);
    auto report = engine::run(plan, world, stop);
    bodies = source.bodies();
    return report;
  }

  Plan plan() {
    test::MemorySource source(account, rules, budget);
    auto world = borrow(source);
    return make_plan(world, {});
  }

  World borrow(test::MemorySource& source) {
    return {"test", source, sink, sink, events, clock, limits, folders, messages, {}, accept_shrink, full};
  }
};

}  // namespace postferry::engine
