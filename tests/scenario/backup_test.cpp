#include <gtest/gtest.h>

#include "scenario.h"
#include "tables.h"

namespace postferry::scenario {
namespace {

TEST(Backup, OfASmallMailbox) {
  run_scenario({.states = {"INBOX: 1 a seen, 2 b answered $Work, 3 c\n"
                           "Sent: 4 d\n"
                           "empty:"}});
}

TEST(Backup, KeepsAsManyDuplicatesAsThereAre) {
  run_scenario({.states = {"INBOX: 1 a, 2 b, 3 b\nArchive: 1 b seen"}});
}

TEST(Backup, KeepsBothMessagesThatShareAMessageId) { run_scenario({.states = {"INBOX: 1 a, 2 a/2, 3 a/3"}}); }

TEST(Backup, KeepsMessagesWithoutAMessageId) { run_scenario({.states = {"INBOX: 1 ?a, 2 ?b, 3 ?a"}}); }

TEST(Backup, FollowsNewDeletedAndMovedMessages) {
  run_scenario({.states = {"INBOX: 1 a, 2 b, 3 c\nSent: 1 d", "INBOX: 1 a, 3 c, 4 e\nSent: 1 d, 2 b"}});
}

TEST(Backup, FollowsFlags) {
  run_scenario({.states = {"INBOX: 1 a, 2 b seen, 3 c $Work", "INBOX: 1 a seen flagged, 2 b, 3 c $Home"}});
}

TEST(Backup, KeepsTheFlagsThatCameWithAMessageWhereTheListingTellsNone) {
  run_scenario({.states = {"INBOX: 1 a seen, 2 b", "INBOX: 1 a, 2 b flagged, 3 c answered"},
                .after = "INBOX: 1 a seen, 2 b, 3 c answered",
                .rules = {.lists_flags = false}});
}

TEST(Backup, FollowsFlagsWhereTokensSayWhatHasChanged) {
  run_scenario({.states = {"INBOX: 1 a, 2 b seen\nSent: 1 c", "INBOX: 1 a seen, 2 b seen\nSent: 1 c"},
                .rules = {.tokens = true}});
}

TEST(Backup, RecognisesAFolderWhoseUidvalidityHasChanged) {
  run_scenario({.states = {"INBOX: 5 a, 6 b, 9 ?c", "INBOX (2): 1 a, 2 b, 3 ?c"}});
}

TEST(Backup, TakesANewMessageUnderANewUidvalidityForWhatItIs) {
  run_scenario({.states = {"INBOX: 1 a, 2 b", "INBOX (2): 1 a/2, 2 b"}});
}

TEST(Backup, TellsTwoBodiesUnderOneHeaderApartAfterAllNumbersChanged) {
  run_scenario({.states = {"INBOX: 1 a/2, 2 a/3, 3 b", "INBOX (2): 1 a/3, 2 a/2, 3 b"}});
}

TEST(Backup, TakesNothingNewForWhatIsStillWhereItWas) {
  run_scenario({.states = {"INBOX: 1 a/2, 2 b", "INBOX: 1 a/2, 2 b\nAnother: 1 a/3\nWork: 1 a/2"}});
}

TEST(Backup, TakesNoTwoForTheOneThatLeft) {
  run_scenario({.states = {"INBOX: 1 a/2, 2 b", "INBOX: 2 b\nAnother: 1 a/3\nWork: 1 a/2"}});
}

TEST(Backup, TakesNothingForAMessageWhoseMoveAnInterruptedRunHasSeenTheEndOf) {
  run_scenario({.states = {"INBOX: 1 a/2, 2 b\nWork:", "INBOX: 2 b\nWork: 1 a/2", "INBOX: 2 b\nWork: 1 a/2\nAnother: 1 a/3"}});
}

TEST(Backup, LeavesOutAFolderThatHasVanished) {
  run_scenario({.states = {"INBOX: 1 a\nOld: 1 b, 2 c", "INBOX: 1 a"}});
}

TEST(Backup, FollowsAFolderThatWasRenamed) {
  run_scenario({.states = {"INBOX: 1 a\nOld (3): 1 b, 2 c", "INBOX: 1 a\nNew (3): 1 b, 2 c"}});
}

TEST(Backup, GoesOnWhereLostSessionsLeftIt) {
  run_scenario({.states = {"INBOX: 1 a, 2 b, 3 c, 4 d, 5 e"}, .rules = {.lose_session = {{2, 1}, {5, 2}}}});
}

TEST(Backup, LeavesOutOnlyTheMessageThatKillsEverySession) {
  run_scenario({.states = {"INBOX: 1 a, 2 b, 3 c, 4 d, 5 e"},
                .after = "INBOX: 1 a, 2 b, 4 d, 5 e",
                .rules = {.lose_session = {{3, 1000}}},
                .clean = false});
}

TEST(Backup, LeavesOutOnlyTheMessageThatTheServerRefuses) {
  run_scenario({.states = {"INBOX: 1 a, 2 b, 3 c"},
                .after = "INBOX: 1 a, 3 c",
                .rules = {.refused = {2}},
                .clean = false});
}

TEST(Backup, OfManyMessagesInSeveralLanes) {
  std::string inbox = "INBOX:", sent = "Sent:";
  for (int i = 1; i <= 60; ++i) {
    inbox += " " + std::to_string(i) + " m" + std::to_string(i) + ",";
    sent += " " + std::to_string(i) + " m" + std::to_string(i * 3) + ",";
  }
  engine::Limits limits;
  limits.lanes = 4;
  limits.split_messages = 20;
  run_scenario({.states = {inbox + "\n" + sent}, .limits = limits, .stride = 7});
}

TEST(Backup, FetchesAMessageThatWasRefusedWhenTheServerHasRecovered) {
  Machine machine;
  auto account = mailbox("INBOX: 1 a, 2 b, 3 c");
  EXPECT_FALSE(machine.backup(account, {.tokens = true, .refused = {2}}, {.lanes = 1}).record.complete);
  EXPECT_TRUE(machine.backup(account, {.tokens = true}, {.lanes = 1}).record.complete)
      << "its token must not hide it";
  EXPECT_EQ(machine.last_snapshot(), normalised("INBOX: 1 a, 2 b, 3 c"));
  EXPECT_EQ(machine.bodies, 1u);
}

TEST(Backup, KeepsWhatItHadWhereAListingIsIncomplete) {
  Machine machine;
  auto account = mailbox("INBOX: 1 a, 2 b, 3 c");
  machine.backup(account, {}, {.lanes = 1});
  const auto report = machine.backup(account, {.hidden = {2}}, {.lanes = 1});
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(report.given_up_folders.size(), 1u);
  EXPECT_EQ(machine.last_snapshot(), normalised("INBOX: 1 a, 2 b, 3 c"))
      << "a lie must not remove mail from a snapshot";
  EXPECT_TRUE(machine.backup(account, {}, {.lanes = 1}).record.complete);
  EXPECT_EQ(machine.bodies, 0u);
}

TEST(Backup, GoesOnAfterAThrottledRun) {
  Machine machine;
  auto account = mailbox("INBOX: 1 a, 2 b, 3 c, 4 d, 5 e, 6 f\nSent: 1 g");
  Error throttled(Cause::throttled, Blast::endpoint, Retry::later, "come back in an hour");
  throttled.retry_after = std::chrono::hours(1);
  test::SourceRules rules;
  rules.before = [=](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 4) throw throttled;
  };
  EXPECT_EQ(machine.backup(account, rules, {.lanes = 1}).ending, engine::Ending::later);
  EXPECT_TRUE(machine.problems().empty());
  EXPECT_TRUE(machine.backup(account, {}, {.lanes = 1}).record.complete);
  EXPECT_EQ(machine.bodies, 4u) << "the three that had arrived are not fetched again";
  EXPECT_EQ(machine.last_snapshot(), normalised("INBOX: 1 a, 2 b, 3 c, 4 d, 5 e, 6 f\nSent: 1 g"));
}

// Ctrl-C at every step: the snapshot it leaves is sound, nothing that arrived is fetched again, the next run
// completes.
TEST(Backup, CanBeInterruptedAnywhere) {
  for (unsigned at = 1;; ++at) {
    Machine machine;
    auto account = mailbox("INBOX: 1 a, 2 b, 3 c, 4 d, 5 e\nSent: 1 f, 2 g");
    std::stop_source stop;
    unsigned steps = 0;
    test::SourceRules rules;
    rules.before = [&](const std::string& step, const std::string&, std::uint32_t) {
      if (step != "list-folders" && ++steps == at) stop.request_stop();
    };
    const auto partial = machine.backup(account, rules, {.lanes = 1}, stop.get_token());
    if (!stop.stop_requested()) break;
    const auto fetched = machine.bodies;
    EXPECT_TRUE(partial.record.balance.adds_up()) << "interrupted at " << at;
    EXPECT_TRUE(machine.problems().empty()) << "interrupted at " << at;
    EXPECT_TRUE(machine.backup(account, {}, {.lanes = 1}).record.complete) << "interrupted at " << at;
    EXPECT_EQ(fetched + machine.bodies, 7u) << "interrupted at " << at;
    EXPECT_EQ(machine.last_snapshot(), normalised("INBOX: 1 a, 2 b, 3 c, 4 d, 5 e\nSent: 1 f, 2 g"));
  }
}

// An interrupted run must not take out of the newest snapshot what it did not look at.
TEST(Backup, KeepsFoldersThatAnInterruptedRunDidNotReach) {
  Machine machine;
  auto account = mailbox("INBOX: 1 a, 2 b, 3 c\nSent: 1 f");
  machine.backup(account, {}, {.lanes = 1});
  change(account, "INBOX: 1 a, 2 b, 3 c, 4 d, 5 e\nSent: 1 f, 2 g");
  std::stop_source stop;
  test::SourceRules rules;
  rules.before = [&](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 5) stop.request_stop();
  };
  machine.backup(account, rules, {.lanes = 1}, stop.get_token());
  const auto table = machine.last_snapshot();
  EXPECT_NE(table.find("1 a, 2 b, 3 c"), std::string::npos) << table;
  EXPECT_NE(table.find("Sent (1): 1 f"), std::string::npos) << table;
}

}  // namespace
}  // namespace postferry::scenario
