#pragma once

#include <string>
#include <vector>

#include <postferry/engine/push.h>

#include "support/events.h"
#include "support/manual_clock.h"
#include "support/memory_destination.h"
#include "support/memory_push_ledger.h"

namespace postferry::scenario {

// One folder, pushed as often as a test likes, into a server that follows rules.
class Story {
 public:
  explicit Story(test::StepCounter* steps = nullptr) : ledger(steps), steps_(steps) {
    source_.folder("INBOX").folder.path = {"INBOX"};
  }

  void has(const std::string& text) { source_.folder("INBOX").add(text); }
  // Another account in place of it, for the next push.
  void is_now(const std::string& from, const std::vector<std::string>& texts) {
    account_ = from;
    auto& inbox = source_.folder("INBOX");
    inbox.messages.clear();
    inbox.next = 1;
    for (const auto& text : texts) inbox.add(text);
  }
  engine::Report push() {
    test::MemorySource source(source_, {});
    test::MemoryDestination destination(account, rules, steps_);
    engine::Push push(account_, "imap:new", destination, ledger,
                      engine::map_folders({source_.folders[0].folder}, {}, {}, {}), options, limits_, clock_,
                      events);
    engine::World world{account_, source, push.sink(), push.ledger(), events, clock_, limits_,
                        {},       {},     {},          false,         false};
    auto report = engine::run(engine::make_plan(world, {}), world, {});
    counts = push.counts();
    appends = destination.appends(), bodies = destination.bodies();
    return report;
  }
  std::vector<std::string> there() {
    std::vector<std::string> texts;
    for (const auto& one : account.folder("INBOX").messages) texts.push_back(one.text);
    return texts;
  }
  std::vector<mail::Settled> settled() {
    std::vector<mail::Settled> all;
    ledger.settlements({"imap:new", "INBOX"},
                       [&](mail::LaneId, const mail::Settled& one) { all.push_back(one); });
    return all;
  }
  test::MemoryFolder& source() { return source_.folder("INBOX"); }

  test::DestinationRules rules;
  engine::PushOptions options;
  test::MemoryAccount account;  // the destination's
  test::MemoryPushLedger ledger;
  test::RecordingEvents events;
  engine::PushCounts counts;
  std::uint64_t appends = 0, bodies = 0;  // of the last push

 private:
  test::StepCounter* const steps_;
  std::string account_ = "imap:old";
  test::MemoryAccount source_;
  const engine::Limits limits_{.lanes = 1};
  test::ManualClock clock_;
};

}  // namespace postferry::scenario
