#include <functional>
#include <semaphore>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_world.h"

namespace postferry::engine {
namespace {

using testing::HasSubstr;

TEST(Lane, StopsTheReaderWhenTheWriterFails) {
  EngineWorld world;
  world.fill("INBOX", 2000);
  world.sink.rules().before_write = [](const mail::Message& message) {
    if (message.meta.ref.number == 5)
      throw Error(Cause::storage, Blast::run, Retry::never, "no space left on device");
  };
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_EQ(report.error->what(), std::string("no space left on device"));
  EXPECT_LT(world.bodies, 2000u) << "the reader did not go on to the end";
  EXPECT_TRUE(report.record.balance.adds_up());
  EXPECT_EQ(world.sink.folder("INBOX").finished, 0u);
}

TEST(Lane, GivesUpTheFolderThatCannotBeOpenedAtTheSink) {
  EngineWorld world;
  world.fill("INBOX", 40);
  world.fill("Sent", 3);
  world.sink.rules().before_open = [](const std::string& folder) {
    if (folder == "INBOX")
      throw Error(Cause::rejected, Blast::folder, Retry::never, "INBOX: not allowed here");
  };
  const auto report = world.run();
  EXPECT_EQ(report.ending, Ending::done);
  EXPECT_THAT(report.given_up_folders.at(0), HasSubstr("not allowed here"));
  EXPECT_EQ(world.sink.texts("Sent").size(), 3u);
  EXPECT_TRUE(report.record.balance.adds_up());
}

TEST(Lane, RefusesOnlyTheMessageThatTheWriterCannotRead) {
  EngineWorld world;
  world.fill("INBOX", 5);
  world.sink.rules().before_write = [](const mail::Message& message) {
    if (message.meta.ref.number == 2)
      throw Error(Cause::damaged, Blast::message, Retry::never, "scratch file unreadable");
  };
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, (mail::Balance{5, 4, 0, 0, 1}));
}

TEST(Lane, HandsOverWhatArrivedBeforeTheReaderFailed) {
  EngineWorld world;
  world.fill("INBOX", 20);
  world.sink.rules().batch = 7;
  world.rules.before = [](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step == "body" && uid == 11)
      throw Error(Cause::protocol, Blast::folder, Retry::never, "cannot go on");
  };
  world.run();
  EXPECT_EQ(world.sink.texts("INBOX").size(), 10u) << "the partial batch was sent too";
}

// A clock in whose every wait somebody looks around.
class WatchedClock final : public Clock {
 public:
  explicit WatchedClock(std::function<void()> look) : look_(std::move(look)) {}
  std::chrono::system_clock::time_point now() const override { return {}; }
  std::chrono::steady_clock::time_point steady() const override { return {}; }
  void sleep_for(std::chrono::milliseconds, std::stop_token) override { look_(); }

 private:
  std::function<void()> look_;
};

TEST(Lane, HandsOverWhatHasArrivedBeforeItWaits) {
  EngineWorld world;
  world.fill("INBOX", 6);
  std::counting_semaphore<> written(0);
  world.sink.rules().before_write = [&](const mail::Message&) { written.release(); };
  bool thrown = false;
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step != "body" || uid != 4 || std::exchange(thrown, true)) return;
    throw Error(Cause::throttled, Blast::session, Retry::later, "not so fast");
  };
  unsigned looks = 0;
  WatchedClock clock([&] {
    ++looks;
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(written.try_acquire_for(std::chrono::seconds(20))) << "kept back during a wait";
  });
  test::MemorySource source(world.account, world.rules);
  World borrowed{"test",       source, world.sink, world.sink, world.events, clock,
                 world.limits, {},     {},         {},         false,        false};
  const auto plan = make_plan(borrowed, {});
  EXPECT_EQ(engine::run(plan, borrowed, {}).record.balance.stored, 6u);
  EXPECT_EQ(looks, 1u);
}

TEST(Lane, NeverWaitsWithAPartialBatch) {
  EngineWorld world;
  world.fill("INBOX", 10);
  world.sink.rules().batch = 1000;
  world.limits.lanes = 1;
  EXPECT_EQ(world.run().record.balance.stored, 10u);
}

// A stop comes at every step of the reader in turn; whatever had arrived is kept, and the next run brings the
// rest.
TEST(Lane, CanBeStoppedAnywhere) {
  for (unsigned at = 1;; ++at) {
    EngineWorld world;
    world.fill("INBOX", 6);
    world.fill("Sent", 5);
    std::stop_source stop;
    std::atomic<unsigned> steps{0};
    world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t) {
      if (step != "list-folders" && ++steps == at) stop.request_stop();
    };
    const auto report = world.run(stop.get_token());
    if (!stop.stop_requested()) {
      EXPECT_GT(at, 11u);
      break;
    }
    EXPECT_TRUE(report.record.balance.adds_up()) << "stopped at step " << at;
    EXPECT_EQ(world.sink.finished().size(), 1u) << "stopped at step " << at;
    world.rules.before = nullptr;
    world.sink.begin_next_run();
    EXPECT_EQ(report.record.balance.stored + world.run().record.balance.stored, 11u)
        << "stopped at step " << at;
  }
}

TEST(Lane, EndsAWaitWhenStopped) {
  EngineWorld world;
  world.fill("INBOX", 3);
  std::stop_source stop;
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t uid) {
    if (step != "body" || uid != 2) return;
    stop.request_stop();
    throw Error(Cause::network, Blast::endpoint, Retry::later, "away");
  };
  const auto report = world.run(stop.get_token());
  EXPECT_EQ(report.ending, Ending::interrupted);
  EXPECT_TRUE(world.clock.sleeps().empty());
  EXPECT_EQ(world.sink.texts("INBOX").size(), 1u);
}

TEST(Lane, ReadsAFolderInSeveralLanesWithoutLossOrDouble) {
  EngineWorld world;
  world.limits.lanes = 4;
  world.limits.split_messages = 50;
  world.fill("INBOX", 400);
  world.rules.lose_session = {{17, 1}, {150, 2}, {390, 1}};
  const auto report = world.run();
  EXPECT_EQ(report.record.balance, (mail::Balance{400, 400, 0, 0, 0}));
  const auto& folder = world.sink.folder("INBOX");
  EXPECT_EQ(folder.opened, 4u);
  EXPECT_EQ(folder.spans.size(), 4u);
  EXPECT_EQ(folder.ends.size(), 1u);
}

TEST(Lane, GoesOnWithFewerConnectionsWhenTheServerWantsNoMore) {
  EngineWorld world;
  world.limits.lanes = 4;
  for (int i = 0; i < 8; ++i) world.fill("F" + std::to_string(i), 20);
  // Two are let in, and stay until two others have been refused.
  std::atomic<int> signed_in{0}, refused{0};
  world.rules.before = [&](const std::string& step, const std::string&, std::uint32_t) {
    if (step == "begin") {
      for (int now = refused; now < 2; now = refused) refused.wait(now);
    }
    if (step != "sign-in" || signed_in.fetch_add(1) < 2 || refused >= 2) return;
    ++refused;
    refused.notify_all();
    Error many(Cause::throttled, Blast::endpoint, Retry::later, "too many simultaneous connections");
    many.retry_after = std::chrono::hours(1);
    throw many;
  };
  const auto report = world.run();
  EXPECT_EQ(report.record.balance.stored, 160u);
  EXPECT_TRUE(report.record.complete);
}

// Four readers, sixteen MiB, messages of three: whoever waits for memory must not keep what others wait for.
TEST(Lane, DoesNotDeadlockOnATinyBudget) {
  ByteBudget budget(16u << 20);
  EngineWorld world;
  world.budget = &budget;
  world.limits.lanes = 4;
  world.sink.rules().batch = 4;
  for (int folder = 0; folder < 4; ++folder) {
    const auto name = "F" + std::to_string(folder);
    for (int i = 0; i < 8; ++i) {
      world.account.folder(name).add(test::mail_text("m", std::string(i % 2 == 0 ? 3u << 20 : 500, 'x')));
    }
  }
  EXPECT_EQ(world.run().record.balance.stored, 32u);
}

}  // namespace
}  // namespace postferry::engine
