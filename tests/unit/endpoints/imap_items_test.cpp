#include "imap_items.h"

#include <gtest/gtest.h>

namespace postferry::endpoints {
namespace {

using Want = ImapItems::Want;
using Uids = std::vector<imap::Uid>;
using mail::Choice;

// UIDs 2, 4, 6, of sizes 20, unknown, 60: a body, nothing, a header.
ImapItems items() {
  std::vector<mail::Meta> metas(3);
  metas[0].ref.number = 2, metas[0].size = 20;
  metas[1].ref.number = 4;
  metas[2].ref.number = 6, metas[2].size = 60;
  ImapItems out;
  out.assign(std::move(metas), {Choice::fetch, Choice::leave, Choice::compare_header});
  return out;
}

TEST(ImapItems, KnowWhatIsWantedOfEach) {
  auto some = items();
  EXPECT_EQ(some.want(2), Want::body);
  EXPECT_EQ(some.want(4), Want::nothing);
  EXPECT_EQ(some.want(6), Want::header);
  EXPECT_EQ(some.wanting(Want::body), Uids{2});
  EXPECT_EQ(some.wanting(Want::header), Uids{6});
}

TEST(ImapItems, ChangeTheirMind) {
  auto some = items();
  some.set(6, Want::body);
  some.set(2, Want::nothing);
  EXPECT_EQ(some.wanting(Want::body), Uids{6});
  EXPECT_EQ(some.wanting(Want::header), Uids{});
}

TEST(ImapItems, AreFoundInAnyOrder) {
  auto some = items();
  for (const auto uid : {6u, 2u, 4u, 6u, 4u}) {
    ASSERT_NE(some.find(uid), nullptr) << uid;
    EXPECT_EQ(some.find(uid)->ref.number, uid);
  }
}

TEST(ImapItems, WantNothingOfAMessageThatIsNotThere) {
  auto some = items();
  for (const auto uid : {0u, 1u, 3u, 7u, 0xFFFFFFFFu}) {
    EXPECT_EQ(some.find(uid), nullptr) << uid;
    EXPECT_EQ(some.want(uid), Want::nothing) << uid;
    some.set(uid, Want::body);
  }
  EXPECT_EQ(some.wanting(Want::body), Uids{2});
}

TEST(ImapItems, HaveSizesOrNought) {
  auto some = items();
  EXPECT_EQ(some.sizes({2, 4, 5, 6}), (std::vector<std::uint64_t>{20, 0, 0, 60}));
}

TEST(ImapItems, CanBeForgotten) {
  auto some = items();
  some.clear();
  EXPECT_TRUE(some.empty());
  EXPECT_EQ(some.find(2), nullptr);
}

}  // namespace
}  // namespace postferry::endpoints
