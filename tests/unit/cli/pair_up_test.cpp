#include "pair_up.h"

#include <gtest/gtest.h>

namespace postferry::cli {
namespace {

template <class Digest>
Digest digest(char c) {
  Digest out;
  out.digest.fill(static_cast<std::byte>(c));
  return out;
}

// "content, header, key": one letter each; '-' for a body that was not read, or no key.
Item item(std::uint32_t uid, const char* letters, bool seen = false) {
  Item out;
  out.meta.ref.number = uid;
  out.meta.size = 100;
  out.meta.flags.seen = seen;
  if (letters[0] != '-') out.content = digest<mail::CanonicalId>(letters[0]);
  out.header = digest<mail::HeaderId>(letters[1]);
  if (letters[2] != '-') out.key = digest<mail::MatchKey>(letters[2]);
  return out;
}

TEST(PairUp, TakesEqualContentForTheSameWhateverTheHeaderTells) {
  const std::vector<Item> a{item(1, "xhk")}, b{item(9, "xij")};
  EXPECT_EQ(pair_up(a, b).same.size(), 1u);
}

TEST(PairUp, NeedsAsManyCopiesInBAsThereAreInA) {
  const std::vector<Item> a{item(1, "xhk"), item(2, "xhk"), item(3, "xhk")}, b{item(1, "xhk"), item(2, "xhk")};
  const auto pairing = pair_up(a, b);
  EXPECT_EQ(pairing.same.size(), 2u);
  EXPECT_EQ(pairing.only_a.size(), 1u);
  EXPECT_TRUE(pairing.only_b.empty());
}

TEST(PairUp, GivesEachCopyTheOneWithItsFlags) {
  const std::vector<Item> a{item(1, "xhk", true), item(2, "xhk", false)};
  const std::vector<Item> b{item(1, "xhk", false), item(2, "xhk", true)};
  for (const auto& [mine, theirs] : pair_up(a, b).same) EXPECT_EQ(mine->meta.flags, theirs->meta.flags);
}

TEST(PairUp, SaysThatOneMessageHasAnotherContentWhereItsHeaderIsSingle) {
  const std::vector<Item> a{item(1, "xhk")}, b{item(1, "yhk")};
  const auto pairing = pair_up(a, b);
  EXPECT_EQ(pairing.other.size(), 1u);
  EXPECT_TRUE(pairing.only_a.empty() && pairing.only_b.empty());
}

TEST(PairUp, KnowsAMessageWhoseSubjectWasChangedByItsDatesAndSender) {
  auto mine = item(1, "xhk"), theirs = item(9, "yil");
  for (auto* one : {&mine, &theirs}) {
    one->meta.received = mail::Received{std::chrono::sys_seconds(std::chrono::seconds(1700000000)), {}};
    one->headline = {"Mon, 1 Jan 2024", "a@example.org", "s"};
  }
  EXPECT_EQ(pair_up({mine}, {theirs}).other.size(), 1u);
  EXPECT_TRUE(pair_up({mine}, {theirs, theirs}).other.empty()) << "not where it is not single";
  theirs.headline.from = "b@example.org";
  EXPECT_TRUE(pair_up({mine}, {theirs}).other.empty());
}

TEST(PairUp, BelievesNoHeaderThatSeveralShare) {
  const std::vector<Item> a{item(1, "xhk"), item(2, "yhk")}, b{item(1, "zhk")};
  const auto pairing = pair_up(a, b);
  EXPECT_TRUE(pairing.other.empty());
  EXPECT_EQ(pairing.only_a.size(), 2u);
  EXPECT_EQ(pairing.only_b.size(), 1u);
}

TEST(PairUp, TakesNoTwoKeylessMessagesForOne) {
  const std::vector<Item> a{item(1, "xh-")}, b{item(1, "yi-")};
  EXPECT_TRUE(pair_up(a, b).other.empty());
}

TEST(PairUp, ComparesHeadersAndSizesWhereNoBodyWasRead) {
  std::vector<Item> a{item(1, "-hk"), item(2, "-ij")}, b{item(1, "-hk"), item(2, "-ij")};
  b[1].meta.size = 101;
  const auto pairing = pair_up(a, b);
  EXPECT_EQ(pairing.same.size(), 1u);
  EXPECT_EQ(pairing.other.size(), 1u);
}

}  // namespace
}  // namespace postferry::cli
