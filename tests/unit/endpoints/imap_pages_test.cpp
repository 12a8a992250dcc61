#include "imap_pages.h"

#include <gtest/gtest.h>

namespace postferry::endpoints {
namespace {

using mail::Span;

constexpr std::uint32_t last_uid = 0xFFFFFFFF;

// Pages in order and without a gap, from `first` to `last`.
void expect_cover(const std::deque<ImapPage>& pages, std::uint32_t first, std::uint32_t last) {
  ASSERT_FALSE(pages.empty());
  EXPECT_EQ(pages.front().uids.first, first);
  for (std::size_t i = 1; i < pages.size(); ++i) EXPECT_EQ(pages[i].uids.first, pages[i - 1].uids.last + 1);
  EXPECT_EQ(pages.back().uids.last, last);
}

TEST(ImapPages, ASmallFolderIsOnePageThatIsCounted) {
  const ImapPages counts(3, 10, {});
  const auto pages = counts.cut({});
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].uids, (Span{1, 9}));
  EXPECT_EQ(counts.expected(pages[0]), 3u);
}

TEST(ImapPages, EndAtEveryThousandthMessage) {
  const ImapPages counts(2500, 9001, {1500, 4000});
  const auto pages = counts.cut({});
  ASSERT_EQ(pages.size(), 3u);
  expect_cover(pages, 1, 9000);
  EXPECT_EQ(pages[1].uids, (Span{1501, 4000}));
  EXPECT_EQ(counts.expected(pages[0]), 1000u);
  EXPECT_EQ(counts.expected(pages[2]), 500u);
}

TEST(ImapPages, AFolderOfWholeThousandsHasNoEmptyPageBehind) {
  EXPECT_EQ(ImapPages(2000, 4001, {1500, 4000}).cut({}).size(), 2u);
}

TEST(ImapPages, APartOfAPageCannotBeCounted) {
  const ImapPages counts(2500, 9001, {1500, 4000});
  const auto pages = counts.cut({1000, 4000});
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[0].uids, (Span{1000, 1500}));
  EXPECT_EQ(counts.expected(pages[0]), std::nullopt);
  EXPECT_EQ(counts.expected(pages[1]), 1000u);
}

TEST(ImapPages, WithoutBordersALargeFolderIsCutByDensityAndNotCounted) {
  const ImapPages counts(10000, 100001, {});
  const auto pages = counts.cut({});
  EXPECT_EQ(pages.size(), 10u);
  expect_cover(pages, 1, 100000);
  for (const auto& page : pages) EXPECT_EQ(counts.expected(page), std::nullopt);
}

TEST(ImapPages, ReachTheLastUidThereIs) {
  expect_cover(ImapPages(5000, 0, {}).cut({}), 1, last_uid);
  expect_cover(ImapPages(1, 0, {}).cut({}), 1, last_uid);
  expect_cover(ImapPages(5000, last_uid, {}).cut({}), 1, last_uid - 1);
}

TEST(ImapPages, AUidnextThatLeavesNoRoomIsNotBelieved) {
  expect_cover(ImapPages(5, 1, {}).cut({}), 1, last_uid);
  expect_cover(ImapPages(1001, 1501, {1500}).cut({}), 1, last_uid);
}

TEST(ImapPages, AnEmptyFolderHasNone) { EXPECT_TRUE(ImapPages(0, 1, {}).cut({}).empty()); }

TEST(ImapPages, WhatIsExpungedIsTakenOffItsPage) {
  ImapPages counts(2500, 9001, {1500, 4000});
  const auto pages = counts.cut({});
  counts.expunged(1001);  // the first of the second page
  counts.expunged(1000);  // the last of the first
  counts.expunged(1000);  // the first of the second again: all moved up
  counts.expunged(2497);  // the last of all
  counts.expunged(2497);  // nobody: it came after EXAMINE
  EXPECT_EQ(counts.expected(pages[0]), 999u);
  EXPECT_EQ(counts.expected(pages[1]), 998u);
  EXPECT_EQ(counts.expected(pages[2]), 499u);
}

}  // namespace
}  // namespace postferry::endpoints
