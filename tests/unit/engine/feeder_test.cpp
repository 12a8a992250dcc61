#include "feeder.h"

#include <gtest/gtest.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "engine_world.h"
#include "failures.h"
#include "folder_run.h"

namespace postferry::engine {
namespace {

mail::Message message(std::uint32_t number) {
  mail::Message made;
  made.meta.ref = {"1", number, {}};
  made.body = mail::memory_body("hello");
  return made;
}

FolderTask whole_inbox() {
  FolderTask task;
  task.folder.wire_name = "INBOX";
  task.folder.path = {"INBOX"};
  task.spans = {mail::Span{}};
  return task;
}

// A lane's reader without the lane.
struct FeederWorld {
  EngineWorld engine;
  test::MemorySource source{engine.account, {}};
  World world = engine.borrow(source);
  FolderTask task = whole_inbox();
  FailureList failures{engine.events};
  FolderRun folder{task, failures};
  Pipe pipe{100};
  std::stop_source stop, gone;
  std::unique_ptr<mail::LaneLedger> ledger = engine.sink.open(task.folder, mail::Span{}, mail::FolderState{});
  Feeder feeder{world, folder, Look::first, *ledger, pipe, stop.get_token(), gone.get_token()};
};

TEST(Feeder, StopsAfterTheMessageThatHasJustArrived) {
  FeederWorld given;
  given.feeder.listed(2);
  given.feeder.arrived(message(1));
  given.stop.request_stop();
  EXPECT_THROW(given.feeder.arrived(message(2)), Cancelled)
      << "also where the source does not look at its stop";
  given.feeder.flush();
  EXPECT_EQ(given.pipe.try_pop()->size(), 2u) << "what has arrived is wanted";
  std::vector<mail::Choice> choices;
  EXPECT_THROW(given.feeder.choose({}, choices), Cancelled);
}

TEST(Feeder, PassesSmallMessagesOnInBatchesAndLargeOnesAtOnce) {
  FeederWorld given;
  for (std::uint32_t number = 1; number <= 31; ++number) given.feeder.arrived(message(number));
  EXPECT_FALSE(given.pipe.try_pop());
  given.feeder.arrived(message(32));
  EXPECT_EQ(given.pipe.try_pop()->size(), 32u);

  auto large = message(33);
  large.body = mail::memory_body(std::string(64u << 10, 'x'));
  given.feeder.arrived(std::move(large));
  EXPECT_EQ(given.pipe.try_pop()->size(), 1u);
}

TEST(Feeder, DoesNotWaitForAWriterThatHasGone) {
  FeederWorld given;
  given.gone.request_stop();
  for (int i = 0; i < 100; ++i) given.pipe.push({}, {});
  given.feeder.arrived(message(1));
  EXPECT_THROW(given.feeder.flush(), Cancelled);
}

TEST(FolderRun, NeverMixesTheNumbersOfTwoEpochs) {
  FeederWorld given;
  EXPECT_EQ(given.folder.fix_state({.epoch = "7", .next = 3}).next, 3u);
  EXPECT_EQ(given.folder.fix_state({.epoch = "7", .next = 9}).next, 3u)
      << "the first lane's state is the folder's";
  EXPECT_THROW(given.folder.fix_state({.epoch = "8"}), Error);
}

}  // namespace
}  // namespace postferry::engine
