#include <gtest/gtest.h>

#include "engine_world.h"

namespace postferry::engine {
namespace {

std::vector<std::string> names(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& task : plan.tasks) all.push_back(task.folder.wire_name);
  return all;
}

using Names = std::vector<std::string>;

TEST(Plan, TakesTheLargestFoldersFirst) {
  EngineWorld world;
  world.fill("small", 1);
  world.fill("large", 9);
  world.fill("middle", 4);
  EXPECT_EQ(names(world.plan()), (Names{"large", "middle", "small"}));
}

TEST(Plan, LeavesAllMailInFrontWhereTheSourceListsItFirst) {
  EngineWorld world;
  world.fill("[Gmail]/All Mail", 3);
  world.account.folder("[Gmail]/All Mail").folder.role = mail::Role::all;
  world.fill("INBOX", 9);
  EXPECT_EQ(names(world.plan()), (Names{"[Gmail]/All Mail", "INBOX"}));
}

TEST(Plan, NamesWhatIsLeftOut) {
  EngineWorld world;
  world.fill("INBOX", 1);
  world.fill("Junk", 1);
  world.folders = [](const mail::Folder& folder) { return folder.wire_name != "Junk"; };
  const auto plan = world.plan();
  EXPECT_EQ(names(plan), Names{"INBOX"});
  ASSERT_EQ(plan.left_out.size(), 1u);
  EXPECT_EQ(plan.left_out[0].wire_name, "Junk");
}

TEST(Plan, SeesOneFolderWhereAServerListsItTwice) {
  EngineWorld world;
  world.fill("INBOX", 1);
  world.account.folders.push_back(world.account.folders.front());
  world.account.folders.back().folder.wire_name = "Inbox";
  EXPECT_EQ(names(world.plan()), Names{"INBOX"});
}

TEST(Plan, OpensNoLaneForAFolderThatCannotBeSelected) {
  EngineWorld world;
  world.account.folder("[Gmail]").folder.selectable = false;
  const auto plan = world.plan();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_TRUE(plan.tasks[0].spans.empty());
  EXPECT_FALSE(plan.tasks[0].unchanged);
}

TEST(Plan, TellsOfANameThatOpensNothingAndHoldsNothing) {
  EngineWorld world;
  for (const char* name : {"Parent", "~mail", "Left out"}) {
    auto& folder = world.account.folder(name).folder;
    folder.path = {name};
    folder.selectable = false;
  }
  world.fill("Parent/Child", 1);
  world.account.folder("Parent/Child").folder.path = {"Parent", "Child"};
  world.folders = [](const mail::Folder& folder) { return folder.wire_name != "Left out"; };
  world.plan();
  const auto notes = world.events.of<mail::event::Note>();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].folder, "~mail");
}

TEST(Plan, CutsALargeFolderForLanesThatWouldBeIdle) {
  EngineWorld world;
  world.limits.lanes = 4;
  world.limits.split_messages = 20;
  world.fill("INBOX", 100);
  const auto spans = world.plan().tasks.at(0).spans;
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(spans.front().first, 1u);
  for (std::size_t i = 1; i < spans.size(); ++i) EXPECT_EQ(spans[i].first, spans[i - 1].last + 1);
  EXPECT_EQ(spans.back().last, mail::Span{}.last);
}

TEST(Plan, DoesNotCutWhatOtherFoldersKeepTheLanesBusyWithAnyway) {
  EngineWorld world;
  world.limits.lanes = 2;
  world.limits.split_messages = 20;
  world.fill("A", 30);
  world.fill("B", 30);
  for (const auto& task : world.plan().tasks) EXPECT_EQ(task.spans.size(), 1u) << task.folder.wire_name;
}

TEST(Plan, BelievesATokenUnlessToldNotTo) {
  EngineWorld world;
  world.rules.tokens = true;
  world.fill("INBOX", 3);
  ASSERT_TRUE(world.run().record.complete);
  world.sink.begin_next_run();
  EXPECT_TRUE(world.plan().tasks.at(0).unchanged);
  world.full = true;
  EXPECT_FALSE(world.plan().tasks.at(0).unchanged);
  world.full = false;
  world.account.folder("INBOX").add(test::mail_text("new"));
  EXPECT_FALSE(world.plan().tasks.at(0).unchanged);
}

TEST(Plan, WaitsForAServerThatIsAwayAndSaysSo) {
  EngineWorld world;
  world.fill("INBOX", 1);
  unsigned refusals = 3;
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t) {
    if (step == "list-folders" && refusals-- > 0)
      throw Error(Cause::network, Blast::endpoint, Retry::later, "no route to host");
  };
  EXPECT_EQ(world.plan().tasks.size(), 1u);
  using ms = std::chrono::milliseconds;
  EXPECT_EQ(world.clock.sleeps(), (std::vector<ms>{ms(1000), ms(2000), ms(4000)}));
  EXPECT_EQ(world.events.of<mail::event::Waiting>().size(), 3u);
}

TEST(Plan, EndsAtOnceOnABadPassword) {
  EngineWorld world;
  world.rules.before = [&](const std::string&, const std::string&, std::uint32_t) {
    throw Error(Cause::auth, Blast::endpoint, Retry::never, "authentication failed");
  };
  try {
    world.plan();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::auth);
  }
  EXPECT_TRUE(world.clock.sleeps().empty());
}

}  // namespace
}  // namespace postferry::engine
