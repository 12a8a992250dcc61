#include "push_session.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "support/events.h"
#include "support/manual_clock.h"
#include "support/memory_destination.h"

namespace postferry::engine {
namespace {

// One session for two lanes: the one that has the folder's turn wants it, and gets it from the one that waits
// for the turn.
TEST(PushSession, IsGivenBackBeforeItsLaneWaitsForAnotherLane) {
  test::MemoryAccount account;
  account.folder("INBOX");
  test::MemoryDestination destination(account, {.max_sessions = 1});
  test::ManualClock clock;
  test::RecordingEvents events;
  const Limits limits;
  Patience patience(limits, clock, events), other_patience(limits, clock, events);
  const auto session = [&](Patience& of) {
    return PushSession(destination, {"INBOX"}, mail::Opening::to_append, "INBOX", of, {}, {});
  };
  const auto look = [](mail::DestinationFolder& folder) { return folder.begin().exists; };

  auto waiting = session(patience);
  waiting.run(look);
  std::mutex turn;
  std::latch is_taken(1);
  std::jthread other([&] {
    const std::lock_guard mine(turn);
    is_taken.count_down();
    session(other_patience).run(look);
  });
  is_taken.wait();
  EXPECT_TRUE(waiting.lock(turn).owns_lock());
  EXPECT_EQ(waiting.run(look), 0u);
}

}  // namespace
}  // namespace postferry::engine
