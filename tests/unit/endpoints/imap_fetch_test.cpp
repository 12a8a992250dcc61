#include "imap_fetch.h"

#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/manual_clock.h"
#include "support/scripted_stream.h"

namespace postferry::endpoints {
namespace {

// Bodies as a session tells them, of messages that are all wanted; what is delivered and noted.
class ImapFetchTest : public testing::Test {
 protected:
  ImapFetchTest() {
    fetch_.expect([&](const imap::Fetched&, bool) { return &wanted_; },
                  [&](mail::Message message) {
                    delivered_.push_back(fmt::format("{} {}", message.meta.ref.number, message.body->size()));
                  },
                  [&](const std::string& text) { notes_.push_back(text); });
  }
  void come(imap::Uid uid, std::optional<std::uint64_t> claimed, std::string_view text) {
    imap::Fetched items;
    items.uid = wanted_.ref.number = uid;
    items.size = claimed;
    wanted_.size = claimed;
    fetch_.begin(items, text.size());
    if (!text.empty()) fetch_.bytes(as_bytes(text));
    fetch_.end(items);
  }
  std::string verdict(imap::Uid uid) const {
    const auto* doubt = fetch_.doubt(uid);
    return doubt == nullptr ? "none" : doubt->verdict;
  }
  using Lines = std::vector<std::string>;

  Lines delivered_, notes_;
  mail::Meta wanted_;
  test::ScriptedDialer dialer_{{}};
  test::ManualClock clock_;
  ByteBudget budget_{1u << 20};
  ImapFetch fetch_{{.dialer = dialer_,
                    .budget = budget_,
                    .clock = clock_,
                    .work_folder = std::filesystem::temp_directory_path(),
                    .timeouts = {}},
                   {}};
};

TEST_F(ImapFetchTest, DeliversWhatIsOfTheAnnouncedOrOfUnknownSize) {
  come(1, 3, "abc");
  come(2, std::nullopt, "abcd");
  come(3, 0, "");
  EXPECT_EQ(delivered_, (Lines{"1 3", "2 4", "3 0"}));
  EXPECT_EQ(notes_, Lines{});
}

TEST_F(ImapFetchTest, DeliversAWrongSizeWhenTheSameBytesCameTwice) {
  come(1, 9, "abc");
  EXPECT_EQ(delivered_, Lines{});
  EXPECT_EQ(verdict(1), "");
  come(1, 9, "abc");
  EXPECT_EQ(delivered_, Lines{"1 3"});
  EXPECT_EQ(notes_.size(), 1u);
  EXPECT_EQ(verdict(1), "none");
}

TEST_F(ImapFetchTest, GivesUpWhatIsDifferentEachTime) {
  come(1, 9, "abc");
  come(1, 9, "abd");
  EXPECT_EQ(verdict(1), "");
  come(1, 9, "abe");
  EXPECT_EQ(verdict(1), "the server says 9 bytes and sends something else each time, 3 bytes at last");
  EXPECT_EQ(delivered_, Lines{});
}

TEST_F(ImapFetchTest, BelievesNoSizeAfterThreeLiesAndSaysItOnce) {
  for (imap::Uid uid = 1; uid <= 3; ++uid) {
    EXPECT_FALSE(fetch_.sizes_are_lies());
    come(uid, 9, "abc");
    come(uid, 9, "abc");
  }
  EXPECT_TRUE(fetch_.sizes_are_lies());
  come(4, 9, "abc");
  EXPECT_EQ(delivered_, (Lines{"1 3", "2 3", "3 3", "4 3"}));
  EXPECT_EQ(notes_.size(), 1u);
}

TEST_F(ImapFetchTest, NeverTakesNothingForSomething) {
  for (imap::Uid uid = 1; uid <= 3; ++uid) {
    come(uid, 9, "abc");
    come(uid, 9, "abc");
  }
  delivered_.clear();
  come(4, 9, "");  // also where sizes are not believed any more
  come(4, 9, "");
  EXPECT_EQ(delivered_, Lines{});
  EXPECT_EQ(verdict(4), "the server says 9 bytes and sends none");
}

TEST_F(ImapFetchTest, TakesNoNoticeOfExchangeForTheMessage) {
  const std::string stub =
      "From: \"Microsoft Exchange Server\" <x@y>\r\nSubject: Retrieval using the IMAP4 protocol failed for "
      "the "
      "following message: 7\r\n\r\n";
  come(1, stub.size(), stub);
  EXPECT_EQ(delivered_, Lines{});
  EXPECT_NE(verdict(1).find("sent a notice instead"), std::string::npos);

  const std::string quoted = "From: bob <x@y>\r\nSubject: Retrieval using the IMAP4 protocol failed\r\n\r\n";
  come(2, quoted.size(), quoted);
  EXPECT_EQ(delivered_, Lines{fmt::format("2 {}", quoted.size())}) << "somebody writes about it";
}

TEST_F(ImapFetchTest, WhatWasBrokenOffLeavesNoTrace) {
  imap::Fetched items;
  items.uid = wanted_.ref.number = 1;
  fetch_.begin(items, 100);
  fetch_.bytes(as_bytes(std::string_view("half")));
  fetch_.forget();
  come(1, 3, "abc");
  EXPECT_EQ(delivered_, Lines{"1 3"});
  EXPECT_EQ(notes_, Lines{});
}

}  // namespace
}  // namespace postferry::endpoints
