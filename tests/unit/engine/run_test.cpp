#include <atomic>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_world.h"
#include "failures.h"

namespace postferry::engine {
namespace {

using mail::Balance;
using testing::ElementsAre;
using testing::HasSubstr;

Balance balance(std::uint64_t listed, std::uint64_t stored, std::uint64_t held, std::uint64_t skipped = 0,
                std::uint64_t failed = 0) {
  return {listed, stored, held, skipped, failed};
}

// Throws `error` at the step, as often as told, in whatever lane.
auto failing(std::string step, Error error, int times = 1000000, std::string folder = "") {
  const auto left = std::make_shared<std::atomic<int>>(times);
  return [=](const std::string& now, const std::string& where, std::uint32_t) {
    if (now == step && (folder.empty() || folder == where) && left->fetch_sub(1) > 0) throw error;
  };
}

TEST(Run, CarriesEverythingOnceAndNothingTheSecondTime) {
  EngineWorld world;
  world.fill("INBOX", 10);
  world.fill("Sent", 3);
  const auto first = world.run();
  EXPECT_EQ(first.record.balance, balance(13, 13, 0));
  EXPECT_TRUE(first.record.complete);
  EXPECT_EQ(first.snapshot, "run-1");
  EXPECT_EQ(world.sink.texts("INBOX").size(), 10u);
  EXPECT_TRUE(world.sink.folder("INBOX").ends.at(0).listed);

  world.sink.begin_next_run();
  const auto second = world.run();
  EXPECT_EQ(second.record.balance, balance(13, 0, 13));
  EXPECT_EQ(world.bodies, 0u);
  EXPECT_EQ(world.sink.folder("INBOX").kept.size(), 10u);
}

TEST(Run, OpensNothingWhereATokenSaysThatNothingHasChanged) {
  EngineWorld world;
  world.rules.tokens = true;
  world.fill("INBOX", 10);
  world.run();
  world.sink.begin_next_run();
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(10, 0, 10));
  EXPECT_TRUE(report.record.complete);
  EXPECT_THAT(world.sink.repeated(), ElementsAre("INBOX"));
  EXPECT_FALSE(world.sink.has("INBOX"));
}

TEST(Run, DeclaresEmptyAndUnselectableFoldersToo) {
  EngineWorld world;
  world.account.folder("empty");
  world.account.folder("[Gmail]").folder.selectable = false;
  world.fill("Junk", 2);
  world.folders = [](const mail::Folder& folder) { return folder.wire_name != "Junk"; };
  EXPECT_TRUE(world.run().record.complete);
  EXPECT_EQ(world.sink.declared(),
            (std::map<std::string, bool>{{"empty", true}, {"[Gmail]", true}, {"Junk", false}}));
  EXPECT_TRUE(world.sink.folder("empty").ends.at(0).listed);
  EXPECT_FALSE(world.sink.has("[Gmail]"));
}

TEST(Run, NamesWhatTheServerAndTheSinkRefuse) {
  EngineWorld world;
  world.fill("INBOX", 6);
  world.rules.refused = {2};
  world.sink.rules().refuse = {{4, "too big"}};
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::done);
  EXPECT_EQ(report.record.balance, balance(6, 4, 0, 0, 2));
  EXPECT_FALSE(report.record.complete);
  ASSERT_EQ(report.record.failures.size(), 2u);
  EXPECT_THAT(report.record.failures[0].reason, HasSubstr("cannot read message"));
  EXPECT_EQ(report.record.failures[1].reason, "too big");
  EXPECT_EQ(report.record.failures[1].headline.subject, "INBOX4");
  const auto& end = world.sink.folder("INBOX").ends.at(0);
  EXPECT_FALSE(end.listed) << "its token must not count";
  EXPECT_EQ(end.failed, 2u);
}

TEST(Run, CountsWhatVanishedAndWhatARuleLeavesOutAsSkipped) {
  EngineWorld world;
  world.fill("INBOX", 6);
  world.rules.vanish = {5};
  world.messages = [](const mail::Meta& meta) {
    return meta.ref.number <= 2 ? std::optional<std::string>("--since") : std::nullopt;
  };
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(6, 3, 0, 3));
  EXPECT_TRUE(report.record.complete);
}

TEST(Run, DoesNotLetAFilteredRunsTokenHideMailFromTheNext) {
  EngineWorld world;
  world.rules.tokens = true;
  world.fill("INBOX", 4);
  world.messages = [](const mail::Meta& meta) {
    return meta.ref.number == 1 ? std::optional<std::string>("--since") : std::nullopt;
  };
  world.run();
  world.sink.begin_next_run();
  world.messages = nullptr;
  EXPECT_EQ(world.run().record.balance, balance(4, 1, 3));
}

TEST(Run, GoesOnWhereALostSessionLeftIt) {
  EngineWorld world;
  world.fill("INBOX", 10);
  world.rules.lose_session = {{3, 1}, {7, 1}};
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(10, 10, 0));
  EXPECT_EQ(world.sink.texts("INBOX").size(), 10u);
  EXPECT_EQ(world.bodies, 10u) << "nothing is fetched twice";
}

TEST(Run, LeavesTheMessageThatKillsEverySessionToTheLastAndNamesIt) {
  EngineWorld world;
  world.fill("INBOX", 10);
  world.rules.lose_session = {{3, 1000}};
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(10, 9, 0, 0, 1));
  ASSERT_EQ(report.record.failures.size(), 1u);
  EXPECT_EQ(report.record.failures[0].ref.number, 3u);
  EXPECT_EQ(world.rules.lose_session.at(3), 1000u);
}

TEST(Run, CountsAttemptsAnewWheneverSomethingArrives) {
  EngineWorld world;
  world.fill("INBOX", 40);
  for (std::uint32_t uid = 1; uid <= 40; ++uid) world.rules.lose_session[uid] = uid % 2;
  EXPECT_EQ(world.run().record.balance, balance(40, 40, 0)) << "twenty lost sessions, but never five in vain";
}

TEST(Run, GivesUpOneFolderAndGoesOnWithTheOthers) {
  EngineWorld world;
  world.fill("broken ", 5);
  world.fill("INBOX", 3);
  world.rules.before =
      failing("begin", {Cause::network, Blast::session, Retry::now, "server closed the connection"}, 1000000,
              "broken ");
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::done);
  ASSERT_EQ(report.given_up_folders.size(), 1u);
  EXPECT_THAT(report.given_up_folders[0], HasSubstr("broken : server closed the connection"));
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(report.record.balance, balance(8, 3, 0, 0, 5)) << "the server counts five, which nobody has listed";
  EXPECT_THAT(world.sink.folder("broken ").ends.at(0).problem, HasSubstr("server closed"));
}

TEST(Run, ComesBackLaterWhenEveryFoldersSessionsDie) {
  EngineWorld world;
  for (int i = 0; i < 50; ++i) world.fill("F" + std::to_string(i), 1);
  world.rules.before =
      failing("begin", {Cause::network, Blast::session, Retry::now, "server closed the connection"});
  for (const unsigned lanes : {1u, 4u}) {
    world.limits.lanes = lanes;
    world.sink.begin_next_run();
    const auto report = world.run();
    EXPECT_EQ(report.ending, Ending::later);
    EXPECT_LE(report.given_up_folders.size(), 2 + lanes);
  }
  EXPECT_EQ(world.sink.finished().size(), 2u);
}

TEST(Run, CallsAnIncompleteListingAFailure) {
  EngineWorld world;
  world.fill("INBOX", 10);
  world.rules.hidden = {4};
  const auto report = world.run();
  EXPECT_THAT(report.given_up_folders.at(0), HasSubstr("listing incomplete"));
  EXPECT_FALSE(report.record.complete);
}

TEST(Run, CountsTheRestOfAGivenUpFolderAsFailed) {
  EngineWorld world;
  world.fill("INBOX", 8);
  world.rules.before = [](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 3)
      throw Error(Cause::protocol, Blast::folder, Retry::never, "INBOX: gone mad");
  };
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(8, 2, 0, 0, 6)) << "of a page of four that had been listed, and the rest";
  EXPECT_TRUE(report.record.balance.adds_up());
  EXPECT_THAT(report.record.failures.at(0).reason,
              HasSubstr("6 messages were not carried: INBOX: gone mad"));
}

TEST(Run, WaitsAsLongAsTheServerWishes) {
  EngineWorld world;
  world.fill("INBOX", 4);
  Error throttled(Cause::throttled, Blast::session, Retry::later, "Request is throttled");
  throttled.retry_after = std::chrono::seconds(300);
  world.rules.before = failing("body", throttled, 1);
  EXPECT_EQ(world.run().record.balance, balance(4, 4, 0));
  EXPECT_THAT(world.clock.sleeps(), ElementsAre(std::chrono::milliseconds(300000)));
  EXPECT_EQ(world.events.of<mail::event::Waiting>().at(0).reason, "Request is throttled");
}

TEST(Run, ComesBackLaterWhenTheServerWantsMorePatienceThanWeHave) {
  EngineWorld world;
  world.fill("INBOX", 9);
  Error throttled(Cause::throttled, Blast::endpoint, Retry::later, "come back in 50 min");
  throttled.retry_after = std::chrono::minutes(50);
  world.rules.before = [=](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 6) throw throttled;
  };
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::later);
  EXPECT_EQ(report.error->what(), std::string("come back in 50 min"));
  EXPECT_EQ(report.record.balance, balance(5, 5, 0))
      << "what was listed and not reached belongs to the next run";
  EXPECT_TRUE(report.record.interrupted);
  EXPECT_EQ(report.snapshot, "run-1");
}

TEST(Run, KeepsWhatArrivedBeforeTheCredentialsWereRefused) {
  EngineWorld world;
  world.fill("INBOX", 9);
  world.rules.before = [](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 6) throw Error(Cause::auth, Blast::endpoint, Retry::never, "token expired");
  };
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_EQ(report.error->cause, Cause::auth);
  EXPECT_EQ(world.sink.texts("INBOX").size(), 5u);
  EXPECT_EQ(world.sink.finished().size(), 1u);
  EXPECT_FALSE(world.sink.folder("INBOX").ends.at(0).listed);
}

TEST(Run, RecognisesByHeaderWhatHasANewUidvalidity) {
  EngineWorld world;
  world.fill("INBOX", 6);
  world.run();
  world.sink.begin_next_run();
  world.account.folder("INBOX").renew();
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(6, 0, 6));
  EXPECT_EQ(world.bodies, 0u);
  for (const auto& known : world.sink.folder("INBOX").kept) EXPECT_TRUE(known.by_header);
}

TEST(Run, BeginsAnewWhenTheUidvalidityChangesBeforeAnythingWasListed) {
  EngineWorld world;
  world.fill("INBOX", 6);
  bool lost = false;
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t) {
    if (step != "page" || lost) return;
    lost = true;
    world.account.folder("INBOX").renew();
    throw Error(Cause::network, Blast::session, Retry::now, "connection lost");
  };
  EXPECT_EQ(world.run().record.balance, balance(6, 6, 0));
  EXPECT_EQ(world.sink.folder("INBOX").state.epoch, "2");
}

TEST(Run, GivesTheFolderUpWhenTheUidvalidityChangesInTheMiddle) {
  EngineWorld world;
  world.fill("INBOX", 12);
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step != "body" || uid != 6 || world.account.folder("INBOX").uidvalidity > 1) return;
    world.account.folder("INBOX").renew();
    throw Error(Cause::network, Blast::session, Retry::now, "connection lost");
  };
  const auto report = world.run();
  EXPECT_THAT(report.given_up_folders.at(0), HasSubstr("UIDVALIDITY changed"));
  EXPECT_EQ(report.record.balance.stored, 5u);
  EXPECT_TRUE(report.record.balance.adds_up());
  for (const auto& one : world.sink.folder("INBOX").stored)
    EXPECT_EQ(one.ref.epoch, "1") << "numbers of two epochs never mix";
}

TEST(Run, SuspectsAFolderThatShrankBeyondBelief) {
  EngineWorld world;
  world.fill("INBOX", 300);
  world.run();
  for (std::uint32_t uid = 21; uid <= 300; ++uid) world.account.folder("INBOX").expunge(uid);
  world.sink.begin_next_run();
  const auto report = world.run();
  EXPECT_THAT(report.suspicious_folders, ElementsAre("INBOX"));
  EXPECT_FALSE(report.record.complete);
  EXPECT_TRUE(world.sink.folder("INBOX").ends.at(0).suspicious);
}

TEST(Run, AcceptsAShrunkenFolderWhenTold) {
  EngineWorld world;
  world.fill("INBOX", 300);
  world.run();
  for (std::uint32_t uid = 21; uid <= 300; ++uid) world.account.folder("INBOX").expunge(uid);
  world.sink.begin_next_run();
  world.accept_shrink = true;
  const auto report = world.run();
  EXPECT_TRUE(report.suspicious_folders.empty());
  EXPECT_TRUE(report.record.complete);
}

TEST(Run, CountsFlagsThatHaveChangedAtTheSource) {
  EngineWorld world;
  world.fill("INBOX", 4);
  world.run();
  world.sink.begin_next_run();
  world.account.folder("INBOX").find(2)->flags.seen = true;
  const auto report = world.run();
  EXPECT_EQ(report.reflagged, 1u);
  EXPECT_TRUE(world.sink.folder("INBOX").kept.at(1).meta.flags.seen);
  EXPECT_FALSE(world.sink.folder("INBOX").kept.at(1).carried.seen);
}

TEST(Run, GivesReceiptsThatComeOnlyWithTheLastPackTheirDue) {
  EngineWorld world;
  world.fill("INBOX", 9);
  world.sink.rules().receipts_at_flush = true;
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, balance(9, 9, 0));
  EXPECT_TRUE(report.record.complete);
  EXPECT_GT(report.new_bytes, 0u);
}

TEST(Run, IsLoudAboutAMessageWithoutAnOutcome) {
  for (const unsigned receipts : {0u, 2u}) {
    EngineWorld world;
    world.fill("INBOX", 5);
    world.sink.rules().receipts = {{3, receipts}};
    const auto report = world.run();
    EXPECT_EQ(report.ending, Ending::failed) << receipts << " receipts";
    ASSERT_TRUE(report.error);
    EXPECT_THAT(report.error->what(), HasSubstr("INBOX"));
    EXPECT_FALSE(report.record.complete);
    EXPECT_EQ(report.given_up_folders.size(), 1u);
  }
}

TEST(Run, GivesUpAFolderWhoseReaderLosesCount) {
  EngineWorld world;
  world.fill("INBOX", 5);
  world.rules.swallowed = {3};
  const auto report = world.run();
  EXPECT_THAT(report.given_up_folders.at(0), HasSubstr("5 messages were listed, but 4 were answered for"));
  EXPECT_EQ(report.record.balance, balance(5, 4, 0, 0, 1));
  EXPECT_FALSE(world.sink.folder("INBOX").ends.at(0).listed);
}

TEST(Run, EndsFoldersWhoseLastLanesNeverHadTheirTurn) {
  EngineWorld world;
  world.fill("INBOX", 9);
  test::MemorySource source(world.account, world.rules);
  std::stop_source stop;
  world.sink.rules().before_write = [&](const mail::Message&) { stop.request_stop(); };
  auto borrowed = world.borrow(source);
  auto plan = make_plan(borrowed, {});
  plan.tasks.at(0).spans = {{1, 3}, {4, 6}, {7, 0xFFFFFFFF}};
  const auto report = engine::run(plan, borrowed, stop.get_token());
  EXPECT_EQ(report.ending, Ending::interrupted);
  ASSERT_EQ(world.sink.folder("INBOX").ends.size(), 1u);
  EXPECT_FALSE(world.sink.folder("INBOX").ends[0].listed);
  EXPECT_TRUE(report.record.balance.adds_up());
}

TEST(Run, ReadsAllMailBeforeTheFoldersWhoseMessagesItNames) {
  EngineWorld world;
  world.limits.lanes = 4;
  world.fill("All", 30);
  world.account.folder("All").folder.role = mail::Role::all;
  for (const auto* label : {"INBOX", "Work", "Home"}) world.fill(label, 3);
  std::atomic<bool> all_ended{false};
  world.rules.before = [&](const std::string& step, const std::string& folder, std::uint32_t uid) {
    if (folder == "All" && step == "body" && uid == 30) all_ended = true;
    if (folder != "All" && step == "begin") {
      EXPECT_TRUE(all_ended) << folder;
    }
  };
  EXPECT_EQ(world.run().record.balance.stored, 39u);
}

TEST(Run, TellsProgressInBatches) {
  EngineWorld world;
  world.fill("INBOX", 250);
  world.run();
  std::uint64_t messages = 0;
  const auto told = world.events.of<mail::event::Carried>();
  for (const auto& one : told) messages += one.messages;
  EXPECT_EQ(messages, 250u);
  EXPECT_LT(told.size(), 60u);
  EXPECT_EQ(world.events.of<mail::event::FolderStarted>().size(), 1u);
  EXPECT_EQ(world.events.of<mail::event::FolderDone>().at(0).balance, balance(250, 250, 0));
  EXPECT_TRUE(world.events.of<mail::event::RunDone>().at(0).complete);
}

TEST(Run, NamesTheFirstTenThousandFailuresAndCountsTheRest) {
  test::NullEvents events;
  FailureList list(events);
  for (std::size_t i = 0; i < FailureList::most + 7; ++i) list.add({});
  const auto [named, more] = list.take();
  EXPECT_EQ(named.size(), FailureList::most);
  EXPECT_EQ(more, 7u);
}

}  // namespace
}  // namespace postferry::engine
