// What a destination does not take, or not now: named, and the rest arrives.
#include <gtest/gtest.h>

#include "push_machine.h"
#include "tables.h"

namespace postferry::scenario {
namespace {

const std::string old = "imap:me@old.example";

TEST(Push, NeverCountsARefusedMessageAsStored) {
  PushMachine machine("");
  machine.rules.refuse = {{"body of b", 1000}};
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 c"};
  const auto report = machine.push(source);
  EXPECT_EQ(report.record.balance,
            (mail::Balance{.listed = 3, .stored = 2, .held = 0, .skipped = 0, .failed = 1}));
  ASSERT_EQ(report.record.failures.size(), 1u);
  EXPECT_EQ(report.record.failures[0].headline.subject, "b");
  EXPECT_EQ(machine.there(), "INBOX: a c\n");
  machine.rules.refuse.clear();
  EXPECT_TRUE(machine.push(source).record.complete);
  EXPECT_EQ(machine.appends, 1u);
}

TEST(Push, RefusesByNameTheMessageThatKillsEverySession) {
  PushMachine machine("");
  machine.rules.kill = {{"body of b", 1000}};
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 c, 4 d"};
  const auto report = machine.push(source);
  EXPECT_EQ(report.record.balance.failed, 1u);
  ASSERT_EQ(report.record.failures.size(), 1u);
  EXPECT_EQ(report.record.failures[0].headline.subject, "b");
  EXPECT_EQ(machine.there(), "INBOX: a c d\n");
}

TEST(Push, WaitsAsLongAsTheServerAsks) {
  PushMachine machine("");
  bool asked = false;
  machine.rules.before = [&](const std::string& step, const std::string&) {
    if (step != "append" || std::exchange(asked, true)) return;
    Error throttled(Cause::throttled, Blast::session, Retry::later, "come back in five minutes");
    throttled.retry_after = std::chrono::seconds(300);
    throw throttled;
  };
  EXPECT_TRUE(machine.push({old, "INBOX: 1 a, 2 b"}).record.complete);
  EXPECT_EQ(machine.there(), "INBOX: a b\n");
  EXPECT_EQ(machine.clock.sleeps().at(0), std::chrono::seconds(300));
}

TEST(Push, IsNotKeptForEverByOneMessageThatIsPutOff) {
  for (const bool multiappend : {true, false}) {
    PushMachine machine("");
    machine.rules.multiappend = multiappend;
    machine.rules.put_off = {{"body of b", 1000}};
    const PushSource source{old, "INBOX: 1 a, 2 b, 3 c, 4 d\nSent: 1 e"};
    const auto report = machine.push(source);
    EXPECT_EQ(machine.there(), "INBOX: a c d\nSent: e\n");
    EXPECT_EQ(report.ending, engine::Ending::done);
    EXPECT_FALSE(report.record.complete);
    ASSERT_EQ(report.record.failures.size(), 1u);
    EXPECT_NE(report.record.failures.front().reason.find(
                  "puts it off each time, and takes others meanwhile: not now"),
              std::string::npos)
        << report.record.failures.front().reason;
    machine.rules.put_off = {};
    EXPECT_TRUE(machine.push(source).record.complete);
    EXPECT_EQ(machine.there(), "INBOX: a b c d\nSent: e\n");
  }
}

TEST(Push, EndsLaterWhereEverythingIsPutOff) {
  PushMachine machine("");
  machine.rules.put_off = {{"body of", 1'000'000}};
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 c, 4 d, 5 e"};
  const auto report = machine.push(source);
  EXPECT_EQ(report.ending, engine::Ending::later);
  EXPECT_EQ(machine.there(), "");
  EXPECT_LT(machine.clock.sleeps().size(), 20u) << "it is asked less and less often";
  machine.rules.put_off = {{"body of", 1}};
  EXPECT_TRUE(machine.push(source).record.complete);
  EXPECT_EQ(machine.there(), "INBOX: a b c d e\n");
}

TEST(Push, GivesUpAFolderThatIsReplacedWhileItIsWritten) {
  PushMachine machine("INBOX: 1 x");
  machine.rules.lose_ok = {{"body of b", 1}};
  bool replaced = false;
  machine.rules.before = [&](const std::string& step, const std::string&) {
    if (step == "append" && !std::exchange(replaced, true)) ++machine.account.folder("INBOX").uidvalidity;
  };
  const PushSource source{old, "INBOX: 1 a, 2 b"};
  EXPECT_EQ(machine.push(source).given_up_folders.size(), 1u);
  EXPECT_TRUE(machine.push(source).record.complete);
  EXPECT_EQ(machine.there(), "INBOX: a b x\n");
}

TEST(Push, LosesOnlyTheFolderWhoseNameIsRefused) {
  PushMachine machine("");
  machine.rules.refused_folders = {"Bad"};
  const auto report = machine.push({old, "INBOX: 1 a\nBad: 1 b\nGood: 1 c"});
  EXPECT_EQ(report.ending, engine::Ending::done);
  EXPECT_EQ(report.given_up_folders.size(), 1u);
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(machine.there(), "Good: c\nINBOX: a\n");
}

TEST(Push, SaysThatAFolderIsReadOnlyAndSendsNothing) {
  PushMachine machine("");
  machine.rules.read_only = true;
  const auto report = machine.push({old, "INBOX: 1 a, 2 b"});
  ASSERT_EQ(report.given_up_folders.size(), 1u);
  EXPECT_NE(report.given_up_folders[0].find("read-only"), std::string::npos);
  EXPECT_EQ(machine.appends, 0u);
}

TEST(Push, EndsWhenTheDestinationIsFull) {
  PushMachine machine("");
  std::string table = "INBOX:";
  for (int i = 1; i <= 30; ++i) table += " " + std::to_string(i) + " m" + std::to_string(i) + ",";
  machine.rules.quota = 10 * text_for("m10").size();
  const auto report = machine.push({old, table});
  EXPECT_EQ(report.ending, engine::Ending::failed);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->cause, Cause::quota);
  EXPECT_TRUE(report.record.balance.adds_up());
  machine.rules.quota.reset();
  EXPECT_TRUE(machine.push({old, table}).record.complete);
  EXPECT_EQ(machine.account.folder("INBOX").messages.size(), 30u);
}

TEST(Push, RefusesWhatIsTooLargeBeforeItIsSent) {
  PushMachine machine("");
  machine.rules.append_limit = text_for("a").size();
  const auto report = machine.push({old, "INBOX: 1 a, 2 much_longer_than_a"});
  EXPECT_EQ(report.record.balance.failed, 1u);
  EXPECT_EQ(machine.appends, 1u);
  EXPECT_EQ(report.record.failures.at(0).headline.subject, "much_longer_than_a");
}

TEST(Push, LeavesOutKeywordsThatTheServerDoesNotTakeAndSaysSoOnce) {
  PushMachine machine("");
  machine.rules.keywords = {"$Work"};
  EXPECT_TRUE(machine.push({old, "INBOX: 1 a $Work odd, 2 b odd"}).record.complete);
  EXPECT_EQ(machine.flags_of("INBOX", "a"), "1 a $Work");
  const auto notes = machine.events.of<mail::event::Note>();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].text.find("\"odd\": 2 messages"), std::string::npos) << notes[0].text;
  machine.push({old, "INBOX: 1 a $Work odd, 2 b odd"});
  EXPECT_EQ(machine.flag_changes, 0u) << "it is not tried again";
}

}  // namespace
}  // namespace postferry::scenario
