#include "imap_pool.h"

#include <filesystem>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <postferry/base/error.h>

#include "support/manual_clock.h"
#include "support/scripted_stream.h"

namespace postferry::endpoints {
namespace {

test::Script hello() { return test::Script().say("* PREAUTH [CAPABILITY IMAP4rev1] hello"); }
test::Script goodbye() { return hello().expect("A1 LOGOUT").say("* BYE"); }

struct World {
  explicit World(std::vector<test::Script> scripts) : dialer(std::move(scripts)) {}
  ImapPool pool(unsigned most) {
    config::Account account;
    account.host = "imap.example.org";
    account.user = "bob";
    account.security = config::Security::tls;
    return {account,
            {[] { return "secret"; }},
            {.dialer = dialer,
             .budget = budget,
             .clock = clock,
             .work_folder = std::filesystem::temp_directory_path(),
             .timeouts = {}},
            most};
  }
  test::ScriptedDialer dialer;
  test::ManualClock clock;
  ByteBudget budget{1u << 20};
};

TEST(ImapPool, KeepsASessionWarmAndSignsOutAtTheEnd) {
  World world({goodbye()});
  {
    auto pool = world.pool(2);
    auto first = pool.borrow({});
    EXPECT_FALSE(first.warm());
    first.give_back();
    auto second = pool.borrow({});
    EXPECT_TRUE(second.warm());
    second.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, HangsUpOnASessionThatIsNotGivenBack) {
  World world({hello(), goodbye()});
  {
    auto pool = world.pool(1);
    {
      auto dropped = pool.borrow({});
    }
    auto fresh = pool.borrow({});
    EXPECT_FALSE(fresh.warm());
    fresh.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, WhatWasSelectedIsKnownToTheNextOneThatWantsIt) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    imap::Selected selected;
    selected.uidvalidity = 77;
    auto lent = pool.borrow({});
    lent.keep_selected("A", selected);
    lent.give_back();
    auto same = pool.borrow({}, "A");
    const auto known = same.take_selected("A");
    ASSERT_TRUE(known);
    EXPECT_EQ(known->selected.uidvalidity, 77u);
    EXPECT_TRUE(known->is_fresh);
    EXPECT_FALSE(same.take_selected("A")) << "told once: nobody knows what has been done with it since";
    same.keep_selected("A", selected);
    same.give_back();
    pool.borrow({}, "B").give_back();
    EXPECT_FALSE(pool.borrow({}, "A").take_selected("A")) << "somebody else had it meanwhile";
  }
}

TEST(ImapPool, WhatWasSelectedIsForgottenWhenTheFolderIsOpenedAfresh) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    for (const auto* opened : {"A", "B"}) {
      auto lent = pool.borrow({});
      lent.keep_selected("A", {});
      lent.give_back();
      pool.forget_selected(opened);
      auto again = pool.borrow({}, "A");
      EXPECT_EQ(again.take_selected("A").has_value(), std::string(opened) != "A");
      again.give_back();
    }
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, WhatWasSelectedIsNotBelievedForLongWithoutAsking) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    auto lent = pool.borrow({});
    lent.keep_selected("A", {});
    lent.give_back();
    world.clock.advance(std::chrono::seconds(10));
    auto later = pool.borrow({}, "A");
    const auto known = later.take_selected("A");
    ASSERT_TRUE(known);
    EXPECT_FALSE(known->is_fresh);
    later.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, LendsTheOneThatHasTheFolderElseTheOneThatLayLongest) {
  World world({goodbye(), goodbye(), goodbye()});
  {
    auto pool = world.pool(3);
    auto a = pool.borrow({}), b = pool.borrow({}), c = pool.borrow({});
    auto *first = &*a, *second = &*b, *third = &*c;
    a.give_back();
    b.keep_selected("B", {});
    b.give_back();
    c.give_back();
    auto other = pool.borrow({}, "other");
    EXPECT_EQ(&*other, first);
    auto has_it = pool.borrow({}, "B");
    EXPECT_EQ(&*has_it, second);
    auto last = pool.borrow({});
    EXPECT_EQ(&*last, third);
    other.give_back(), has_it.give_back(), last.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, AFailedSignInLeavesThePlaceFree) {
  World world({test::Script().refuse(), goodbye()});
  {
    auto pool = world.pool(1);
    EXPECT_THROW(pool.borrow({}), Error);
    pool.borrow({}).give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, WhoWaitsForAPlaceCanBeStopped) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    auto lent = pool.borrow({});
    std::stop_source stop;
    std::jthread other([&] { EXPECT_THROW(pool.borrow(stop.get_token()), Cancelled); });
    stop.request_stop();
    other.join();
    lent.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, WhoWaitsForAPlaceGetsTheOneThatComesBack) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    auto lent = pool.borrow({});
    std::jthread other([&] {
      auto next = pool.borrow({});
      EXPECT_TRUE(next.warm());
      next.give_back();
    });
    lent.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, WhoWaitsLongestIsServedFirst) {
  World world({goodbye()});
  {
    auto pool = world.pool(1);
    auto lent = pool.borrow({});
    std::string order;
    std::vector<std::jthread> others;
    for (const char name : {'a', 'b', 'c'}) {
      others.emplace_back([&, name] {
        auto mine = pool.borrow({});
        order += name;
        mine.give_back();
      });
      while (pool.waiting() < others.size()) std::this_thread::yield();
    }
    lent.give_back();
    others.clear();
    EXPECT_EQ(order, "abc");
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

TEST(ImapPool, AsksForNoMoreThanTheServerTakesAtOnce) {
  World world({goodbye(), test::Script().say("* BYE [LIMIT] too many connections")});
  {
    auto pool = world.pool(3);
    auto lent = pool.borrow({});
    EXPECT_THROW(pool.borrow({}), Error);
    std::stop_source stop;
    std::jthread other([&] { EXPECT_THROW(pool.borrow(stop.get_token()), Cancelled) << "dials again"; });
    while (pool.waiting() == 0) std::this_thread::yield();
    stop.request_stop();
    other.join();
    lent.give_back();
  }
  EXPECT_EQ(world.dialer.problems(), "");
}

}  // namespace
}  // namespace postferry::endpoints
