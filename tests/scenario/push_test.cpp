#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include <gtest/gtest.h>

#include <postferry/catalog/push_ledger.h>

#include "push_machine.h"
#include "story.h"
#include "tables.h"

namespace postferry::scenario {
namespace {

const std::string old = "imap:me@old.example";

test::DestinationRules without_uidplus() { return {.uidplus = false}; }
test::DestinationRules one_by_one() { return {.multiappend = false}; }

TEST(Push, OfASmallMailbox) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a seen, 2 b answered, 3 c\nSent: 4 d\nempty:"}},
                     .after = "INBOX: a b c\nSent: d\n"});
}

TEST(Push, ToAServerWithoutMultiappend) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 b, 4 ?c, 5 d"}},
                     .after = "INBOX: ?c a b b d\n",
                     .rules = one_by_one()});
}

TEST(Push, ToAServerThatDoesNotTellNumbers) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 b, 4 ?c, 5 a/2"}},
                     .after = "INBOX: ?c a a/2 b b\n",
                     .rules = without_uidplus()});
}

TEST(Push, InSmallBatches) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 c, 4 d, 5 e, 6 f, 7 a"}},
                     .after = "INBOX: a a b c d e f\n",
                     .options = {.batch_messages = 2}});
}

TEST(Push, KeepsAsManyDuplicatesAsThereAre) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 b, 4 b"}}, .after = "INBOX: a b b b\n"});
}

TEST(Push, KeepsBothMessagesThatShareAHeader) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 a/2, 3 a/3"}}, .after = "INBOX: a a/2 a/3\n"});
}

TEST(Push, OfMessagesWithoutAMessageId) {
  run_push_scenario(
      {.sources = {{old, "INBOX: 1 ?a, 2 ?b, 3 ?a, 4 ?a/2"}}, .after = "INBOX: ?a ?a ?a/2 ?b\n"});
}

TEST(Push, OfTwoFoldersIntoOne) {
  const std::map<std::string, std::string> joined{{"Old", "Mail"}, {"New", "Mail"}};
  run_push_scenario({.sources = {{old, "Old: 1 a, 2 b\nNew: 1 b, 2 c", joined}}, .after = "Mail: a b b c\n"});
}

TEST(Push, OfThreeAccountsIntoOneInbox) {
  run_push_scenario({.sources = {{"imap:a@old.example", "INBOX: 1 a, 2 b"},
                                 {"imap:b@old.example", "INBOX: 1 b, 2 c"},
                                 {"imap:c@old.example", "INBOX: 1 a, 2 d, 3 ?e"}},
                     .after = "INBOX: ?e a a b b c d\n"});
}

// As often as the account with the most of it has it.
TEST(Push, OfThreeAccountsThatShareMail) {
  run_push_scenario(
      {.sources = {{"imap:a@old.example", "INBOX: 1 a, 2 b, 3 ?f"},
                   {"imap:b@old.example", "INBOX: 1 b, 2 b, 3 c, 4 ?f"},
                   {"imap:c@old.example", "INBOX: 1 a, 2 a/2, 3 b, 4 ?e, 5 c"}},
       .after = "INBOX: ?e ?f a a/2 b b c\n",
       .options = {.merge_with = {"imap:a@old.example", "imap:b@old.example", "imap:c@old.example"}}});
}

// The ledger, which knew whose copy lies there, is lost, and the accounts come in any order.
TEST(Push, OfAccountsThatShareMailKnowsItWithoutTheLedger) {
  const std::string mail = "Message-ID: <1@x>\r\nSubject: s\r\n\r\nbody\r\n";
  const auto by = [&](const std::string& way) { return "Received: by " + way + "\r\n" + mail; };
  struct Account {
    std::string name;
    std::vector<std::string> texts;
  };
  std::vector<Account> accounts{
      {"imap:a", {by("a")}}, {"imap:b", {by("b1"), by("b2")}}, {"imap:c", {by("c")}}};
  const auto first = accounts;
  do {
    Story story;
    story.options.merge_with = {"imap:a", "imap:b", "imap:c"};
    for (const auto& [name, texts] : first) {
      story.is_now(name, texts);
      EXPECT_TRUE(story.push().record.complete);
    }
    EXPECT_EQ(story.there().size(), 2u) << "as often as the account with the most of it has it";
    story.ledger.lose();
    for (const bool again : {false, true}) {
      for (const auto& [name, texts] : accounts) {
        story.is_now(name, texts);
        EXPECT_TRUE(story.push().record.complete);
        EXPECT_EQ(story.appends, 0u) << name << again;
      }
    }
    story.ledger.lose();
    story.options.merge_with.clear();
    story.is_now("imap:c", {by("c")});
    story.push();
    EXPECT_EQ(story.appends, 1u) << "an account alone is merged with nothing";
  } while (std::next_permutation(accounts.begin(), accounts.end(),
                                 [](const auto& x, const auto& y) { return x.name < y.name; }));
}

TEST(Push, OntoADestinationThatAnotherToolHasFilled) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 b, 4 ?c"}},
                     .there = "INBOX: 5 b, 7 ?c, 8 a, 9 other",
                     .after = "INBOX: ?c a b b other\n"});
}

TEST(Push, OntoADestinationWithAMessageOfTheSameHeader) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 a/2"}},
                     .there = "INBOX: 5 a/2, 6 a/3",
                     .after = "INBOX: a a/2 a/3\n"});
}

TEST(Push, WhereTheAnswerIsLost) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 ?c, 4 b, 5 d"}},
                     .after = "INBOX: ?c a b b d\n",
                     .rules = {.lose_ok = {{"body of ?c", 1}}}});
}

TEST(Push, WhereTheAnswerIsLostOneByOne) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 ?c, 4 b, 5 d"}},
                     .after = "INBOX: ?c a b b d\n",
                     .rules = {.multiappend = false, .lose_ok = {{"body of b", 2}, {"body of ?c", 1}}}});
}

TEST(Push, WhereTheAnswerIsLostAndNumbersAreNotTold) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 ?c, 4 b, 5 d"}},
                     .after = "INBOX: ?c a b b d\n",
                     .rules = {.uidplus = false, .multiappend = false, .lose_ok = {{"body of b", 1}}}});
}

TEST(Push, WhereAStalledServerStoresAfterTheConnectionIsLost) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 c"}},
                     .after = "INBOX: a b c\n",
                     .rules = {.multiappend = false, .stall = {{"body of b", 1}}}});
}

TEST(Push, WhereTheSessionDiesBeforeAnythingIsStored) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 c"}},
                     .after = "INBOX: a b c\n",
                     .rules = {.kill = {{"body of b", 2}}}});
}

TEST(Push, WhereTheServerRewritesAndTheAnswerIsLost) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 c"}},
                     .after = "INBOX: a b c\n",
                     .rules = {.multiappend = false, .rewrites = true, .lose_ok = {{"body of b", 1}}}});
}

TEST(Push, ToAServerThatRewritesAndDoesNotTellNumbers) {
  run_push_scenario({.sources = {{old, "INBOX: 1 a, 2 b, 3 ?c, 4 ?c"}},
                     .after = "INBOX: ?c ?c a b\n",
                     .rules = {.uidplus = false, .rewrites = true}});
}

TEST(Push, OfManyMessagesInSeveralLanes) {
  std::string inbox = "INBOX:", sent = "Sent:", names;
  std::multiset<std::string> all;
  for (int i = 1; i <= 40; ++i) {
    inbox += " " + std::to_string(i) + " m" + std::to_string(i) + ",";
    sent += " " + std::to_string(i) + " m" + std::to_string(i * 3) + ",";
    all.insert("m" + std::to_string(i));
    all.insert("m" + std::to_string(i * 3));
  }
  for (const auto& name : all) names += " " + name;
  engine::Limits limits;
  limits.lanes = 4;
  limits.split_messages = 10;
  for (const unsigned sessions : {2U, 4U}) {  // there are half as many lanes again
    run_push_scenario({.sources = {{old, inbox + "\n" + sent, {{"INBOX", "All"}, {"Sent", "All"}}}},
                       .after = "All:" + names + "\n",
                       .rules = {.max_sessions = sessions},
                       .limits = limits,
                       .options = {.batch_messages = 7}});
  }
}

// Two messages share a Message-ID. The first is refused, the answer to the second is lost: what lies there is
// the second, and never counts as the first.
TEST(Push, NeverTakesOneMessageForAnotherOfTheSameMessageId) {
  for (const bool multiappend : {false, true}) {
    for (const bool rewrites : {false, true}) {
      PushMachine machine("");
      machine.rules.multiappend = multiappend;
      machine.rules.rewrites = rewrites;
      machine.rules.refuse = {{"body of a.", 0}, {"body of a\r", 1}};
      machine.rules.lose_ok = {{"body of a/2", 1}};
      const PushSource source{old, "INBOX: 1 a, 2 a/2"};
      EXPECT_EQ(machine.push(source).record.balance.failed, 1u);
      EXPECT_EQ(machine.there(), "INBOX: a/2\n");
      machine.rules.refuse.clear();
      EXPECT_TRUE(machine.push(source).record.complete);
      EXPECT_EQ(machine.there(), "INBOX: a a/2\n");
      machine.push(source);
      EXPECT_EQ(machine.appends, 0u);
    }
  }
}

TEST(Push, RecognisesEverythingWhenTheSourceHasANewUidvalidity) {
  PushMachine machine("");
  machine.push({old, "INBOX: 1 a, 2 b, 3 b, 4 ?c"});
  machine.push({old, "INBOX (2): 1 a, 2 b, 3 b, 4 ?c, 5 d"});
  EXPECT_EQ(machine.appends, 1u);
  machine.push({old, "INBOX (2): 1 a, 2 b, 3 b, 4 ?c, 5 d"});
  EXPECT_EQ(machine.appends, 0u);
  EXPECT_EQ(machine.counts.recognised, 0u) << "the new references are settled by now";
  EXPECT_EQ(machine.there(), "INBOX: ?c a b b d\n");
  std::map<std::string, unsigned> epochs;
  machine.ledger.settlements({"imap:me@new.example", "INBOX"},
                             [&](mail::LaneId, const mail::Settled& one) { ++epochs[one.source.epoch]; });
  EXPECT_EQ(epochs, (std::map<std::string, unsigned>{{"2", 5}}))
      << "what the old references held has gone over";
}

TEST(Push, RecognisesEverythingWhenTheDestinationHasANewUidvalidity) {
  PushMachine machine("");
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 b, 4 ?c"};
  machine.push(source);
  machine.account.folder("INBOX").renew();
  machine.push(source);
  EXPECT_EQ(machine.appends, 0u);
  EXPECT_EQ(machine.counts.recognised, 4u);
}

// Re-created under the same UIDVALIDITY and filled by somebody else: the numbers that settlements name are
// there again, first with the sizes they had, then beyond the UIDNEXT of before, and are other messages.
TEST(Push, IsNotDeceivedByNumbersThatAreUsedAgain) {
  struct Row {
    std::vector<std::string> foreign;
    std::string after;
  };
  for (const auto& row :
       {Row{{"x", "y"}, "INBOX: a b c x y\n"},
        Row{{"long1", "long2", "long3", "long4"}, "INBOX: a b c long1 long2 long3 long4\n"}}) {
    PushMachine machine("");
    const PushSource source{old, "INBOX: 1 a, 2 b, 3 c"};
    machine.push(source);
    auto& inbox = machine.account.folder("INBOX");
    inbox.messages.clear();
    inbox.next = 1;
    for (const auto& name : row.foreign) inbox.add(text_for(name));
    machine.push(source);
    EXPECT_EQ(machine.there(), row.after);
    machine.push(source);
    EXPECT_EQ(machine.appends, 0u);
  }
}

// A draft that another client saves under the Message-ID of the message in doubt is not that message. This
// server has shown that it keeps what it is given, so equal keys prove nothing.
TEST(Push, IsNotDeceivedByAnotherClientsMessageOfTheSameMessageId) {
  PushMachine machine("");
  machine.options.batch_messages = 1;
  machine.rules.kill = {{"body of a", 1}};
  unsigned appends = 0;
  machine.rules.before = [&](const std::string& step, const std::string&) {
    if (step == "append" && ++appends == 2) machine.account.folder("INBOX").add(text_for("a/2"));
  };
  EXPECT_TRUE(machine.push({old, "INBOX: 1 x, 2 a"}).record.complete);
  EXPECT_EQ(machine.there(), "INBOX: a a/2 x\n");
}

TEST(Push, NotesThatAFolderIsOpenBeforeTheFirstMessageAndClosedAfterTheLast) {
  PushMachine machine("INBOX: 5 x");
  const mail::FolderKey inbox{"imap:me@new.example", "INBOX"};
  std::optional<mail::SinkFolderNote> then;
  machine.rules.before = [&](const std::string& step, const std::string&) {
    if (step == "append" && !then) then = machine.ledger.note(inbox);
  };
  machine.push({old, "INBOX: 1 a, 2 b"});
  EXPECT_EQ(then, (mail::SinkFolderNote{"1", 6, true}));
  EXPECT_EQ(machine.ledger.note(inbox), (mail::SinkFolderNote{"1", 8, false}));
}

TEST(Push, WaitsOnceForWhatAKilledRunMayHaveLeft) {
  PushMachine machine("");
  const PushSource source{old, "INBOX: 1 a, 2 b"};
  machine.push(source);
  const mail::FolderKey inbox{"imap:me@new.example", "INBOX"};
  const auto closed = machine.ledger.note(inbox);
  ASSERT_TRUE(closed);
  machine.ledger.open(inbox, closed->epoch, closed->mark);  // killed after its last answer

  const auto before = machine.clock.sleeps().size();
  for (int run = 0; run < 3; ++run) machine.push(source);

  EXPECT_EQ(machine.clock.sleeps().size(), before + 1);
  EXPECT_EQ(machine.appends, 0U);
  EXPECT_FALSE(machine.ledger.note(inbox)->open);
}

TEST(Push, StopsWhenToldToAndGoesOnLater) {
  for (unsigned at = 1;; ++at) {
    PushMachine machine("INBOX: 5 b");
    machine.options.batch_messages = 1;
    const PushSource source{old, "INBOX: 1 a, 2 b, 3 c, 4 d\nSent: 1 e"};
    std::stop_source stop;
    unsigned steps = 0;
    machine.rules.before = [&](const std::string& step, const std::string&) {
      if (step != "traits" && ++steps == at) stop.request_stop();
    };
    const auto report = machine.push(source, stop.get_token());
    if (!stop.stop_requested()) break;
    EXPECT_TRUE(report.record.balance.adds_up()) << at;
    EXPECT_EQ(report.record.complete, report.ending == engine::Ending::done) << at;
    machine.rules.before = {};
    EXPECT_TRUE(machine.push(source).record.complete) << at;
    EXPECT_EQ(machine.there(), "INBOX: a b c d\nSent: e\n") << at;
  }
}

TEST(Push, RemembersInItsFile) {
  const auto file =
      std::filesystem::temp_directory_path() / ("push_test_" + std::to_string(::getpid())) / "push.db";
  {
    PushMachine machine("");
    const auto ledger = catalog::open_push_ledger(file);
    machine.other_ledger = ledger.get();
    machine.push({old, "INBOX: 1 a seen, 2 b, 3 b, 4 ?c"});
    EXPECT_EQ(machine.appends, 4u);
  }
  PushMachine machine("INBOX: 1 a, 2 b, 3 b, 4 ?c");
  const auto ledger = catalog::open_push_ledger(file);
  machine.other_ledger = ledger.get();
  machine.push({old, "INBOX: 1 a flagged, 2 b, 3 b, 4 ?c"});
  EXPECT_EQ(machine.appends, 0u);
  EXPECT_EQ(machine.bodies, 0u) << "the settlements were believed";
  EXPECT_EQ(machine.flags_of("INBOX", "a"), "1 a flagged");
  std::filesystem::remove_all(file.parent_path());
}

TEST(Push, BringsBackWhatWasDeletedAtTheDestinationUnlessToldNotTo) {
  PushMachine machine("");
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 c"};
  machine.push(source);
  machine.account.folder("INBOX").expunge(2);
  machine.options.respect_deletions = true;
  const auto report = machine.push(source);
  EXPECT_EQ(report.record.balance,
            (mail::Balance{.listed = 3, .stored = 0, .held = 2, .skipped = 1, .failed = 0}));
  EXPECT_EQ(machine.there(), "INBOX: a c\n");
  machine.options.respect_deletions = false;
  machine.push(source);
  EXPECT_EQ(machine.there(), "INBOX: a b c\n");
}

TEST(Push, GoesOnWhileAnotherClientAddsAndDeletes) {
  PushMachine machine("INBOX: 1 x");
  unsigned appends = 0;
  machine.rules.multiappend = false;
  machine.options.batch_messages = 1;
  machine.rules.lose_ok = {{"body of b", 1}};
  machine.rules.before = [&](const std::string& step, const std::string&) {
    if (step != "append") return;
    machine.account.folder("INBOX").add(text_for("foreign" + std::to_string(++appends)));
    if (appends == 2) machine.account.folder("INBOX").expunge(1);
  };
  const PushSource source{old, "INBOX: 1 a, 2 b, 3 c"};
  EXPECT_TRUE(machine.push(source).record.complete);
  EXPECT_EQ(machine.there(), "INBOX: a b c foreign1 foreign2 foreign3\n");
  machine.rules.before = {};
  machine.push(source);
  EXPECT_EQ(machine.appends, 0u);
}

TEST(Push, KeepsWhatWasReadAtTheDestinationRead) {
  PushMachine machine("");
  machine.push({old, "INBOX: 1 a, 2 b seen"});
  machine.account.folder("INBOX").find(1)->flags.seen = true;
  machine.account.folder("INBOX").find(2)->flags.seen = false;
  machine.push({old, "INBOX: 1 a flagged, 2 b seen"});
  EXPECT_EQ(machine.flags_of("INBOX", "a"), "1 a seen flagged");
  EXPECT_EQ(machine.flags_of("INBOX", "b"), "2 b");
  EXPECT_EQ(machine.flag_changes, 1u);
  machine.push({old, "INBOX: 1 a flagged, 2 b seen"});
  EXPECT_EQ(machine.flag_changes, 0u);
}

TEST(Push, TreatsFlagsByTheRuleThatWasChosen) {
  struct Row {
    engine::FlagRule rule;
    std::string after;
  };
  // carried as "seen", at the destination made "flagged", at the source now "answered"
  for (const auto& row :
       {Row{engine::FlagRule::merge, "1 a answered flagged"},
        Row{engine::FlagRule::add, "1 a answered flagged"}, Row{engine::FlagRule::update, "1 a answered"},
        Row{engine::FlagRule::never, "1 a flagged"}}) {
    PushMachine machine("");
    machine.options.flags = row.rule;
    machine.push({old, "INBOX: 1 a seen"});
    auto& flags = machine.account.folder("INBOX").find(1)->flags;
    flags.seen = false;
    flags.flagged = true;
    machine.push({old, "INBOX: 1 a answered"});
    EXPECT_EQ(machine.flags_of("INBOX", "a"), row.after) << static_cast<int>(row.rule);
    EXPECT_EQ(machine.appends, 0u);
  }
}

TEST(Push, SetsDeletedUnlessToldNotTo) {
  for (const bool skip : {false, true}) {
    PushMachine machine("");
    machine.options.skip_deleted = skip;
    machine.push({old, "INBOX: 1 a deleted seen"});
    EXPECT_EQ(machine.flags_of("INBOX", "a"), skip ? "1 a seen" : "1 a seen deleted");
  }
}

}  // namespace
}  // namespace postferry::scenario
