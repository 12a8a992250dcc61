#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scenario.h"
#include "tables.h"

// A source that is emptied, killed at every side effect: no message is gone that the archive does not give back.
namespace postferry::scenario {
namespace {

constexpr const char* table = "INBOX: 1 a, 2 b seen, 3 b, 4 ?c\nSent: 1 d, 2 a";

std::vector<std::string> texts(const test::MemoryAccount& account) {
  std::vector<std::string> out;
  for (const auto& folder : account.folders) {
    for (const auto& message : folder.messages) out.push_back(message.text);
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct Story {
  test::StepCounter steps;
  Machine machine{&steps};
  test::MemoryAccount account = mailbox(table);
  const std::vector<std::string> all = texts(account);

  test::SourceRules rules() {
    test::SourceRules out;
    out.before = [this](const std::string& step, const std::string&, std::uint32_t) {
      if (step == "delete") steps.step();
    };
    return out;
  }
  // Each is at the source or in the last snapshot.
  void expect_nothing_lost(const std::string& how) {
    const auto held = machine.everything_held(), there = texts(account);
    std::multiset<std::string> found(held.begin(), held.end());
    for (const auto& text : all) {
      const bool is_there = std::find(there.begin(), there.end(), text) != there.end();
      EXPECT_TRUE(is_there || found.contains(text)) << how << ": " << text;
    }
    EXPECT_EQ(machine.problems(), std::vector<std::string>()) << how;
  }
  void expect_all_released(const std::string& how) {
    EXPECT_EQ(texts(account), std::vector<std::string>()) << how;
    EXPECT_EQ(machine.everything_held(), all) << how;
  }
};

TEST(Emptying, DeletesWhatTheArchiveGivesBackAndKeepsItForGood) {
  Story story;
  EXPECT_EQ(story.machine.backup_and_empty(story.account, story.rules(), {}).deleted, 6u);
  story.expect_all_released("emptied");
  story.machine.backup(story.account, {}, {.lanes = 1});  // by a job that keeps
  story.expect_all_released("backed up again");
  EXPECT_EQ(story.machine.bodies, 0u);
}

TEST(Emptying, WaitsForItsDaySinceAMessageWasSeenFirst) {
  Story story;
  const engine::ReleaseRules rules{.age = std::chrono::days(2), .most = {}};
  EXPECT_EQ(story.machine.backup_and_empty(story.account, story.rules(), rules).deleted, 0u);
  story.account.folder("INBOX").add(text_for("later"));
  EXPECT_EQ(story.machine.backup_and_empty(story.account, story.rules(), rules).deleted, 0u);
  EXPECT_EQ(story.machine.backup_and_empty(story.account, story.rules(), rules).deleted, 6u);
  EXPECT_EQ(texts(story.account), std::vector{text_for("later")});
}

TEST(Emptying, LosesNothingWhereverItIsKilled) {
  constexpr test::Cut cuts[] = {test::Cut::drop, test::Cut::keep, test::Cut::tear};
  for (std::uint64_t step = 1;; ++step) {
    Story story;
    story.steps.die_at(step);
    const auto how = "killed at step " + std::to_string(step);
    try {
      story.machine.backup_and_empty(story.account, story.rules(), {});
    } catch (const Error&) {
      if (!story.steps.dead()) throw;
    }
    if (!story.steps.dead()) break;
    story.steps.die_at(0);
    story.machine.die(cuts[step % 3]);
    story.expect_nothing_lost(how);
    story.machine.backup_and_empty(story.account, story.rules(), {});
    story.expect_all_released(how);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace postferry::scenario
