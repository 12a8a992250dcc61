// Cyrus, as it comes, writes X for each 8-bit byte of a header and says OK.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "story.h"

namespace postferry::scenario {
namespace {

const std::string umlaut =
                      "Message-ID: <1@x>\r\nSubject: Gr\xFC\xDF"
                      "e\r\n\r\nbody \xFC\r\n",
                  munged = "Message-ID: <1@x>\r\nSubject: GrXXe\r\n\r\nbody \xFC\r\n",
                  plain = "Message-ID: <2@x>\r\nSubject: plain\r\n\r\nbody \xFC\r\n";

using Texts = std::vector<std::string>;

// What a run says of the one message that lies there damaged.
void expect_named(const engine::Report& report, const std::string& how) {
  EXPECT_FALSE(report.record.complete) << how;
  EXPECT_EQ(report.record.balance.failed, 1u) << how;
  EXPECT_TRUE(report.record.balance.adds_up()) << how;
  ASSERT_EQ(report.record.failures.size(), 1u) << how;
  const auto& failure = report.record.failures[0];
  EXPECT_EQ(failure.folder, "INBOX") << how;
  EXPECT_EQ(failure.headline.subject,
            "Gr\xC3\xBC\xC3\x9F"
            "e")
      << how;
  EXPECT_NE(failure.reason.find("changed its header"), std::string::npos) << how << failure.reason;
}

TEST(DamagedHeader, IsNamedInEveryRunAndNeverSentAgain) {
  Story story;
  story.rules.munges = true;
  story.has(umlaut);
  story.has(plain);
  expect_named(story.push(), "first");
  EXPECT_EQ(story.bodies, 0u) << "the header tells";
  for (const auto* how : {"again", "a third time"}) {
    const auto report = story.push();
    expect_named(report, how);
    EXPECT_EQ(report.record.balance.held, 1u);
    EXPECT_EQ(story.appends, 0u) << how;
  }
  EXPECT_EQ(story.there(), (Texts{munged, plain}));
}

TEST(DamagedHeader, IsRecognisedWithoutTheLedger) {
  Story story;
  story.rules.munges = true;
  story.has(umlaut);
  story.has(plain);
  story.push();
  story.ledger.lose();
  for (const auto* how : {"without the ledger", "again"}) {
    expect_named(story.push(), how);
    EXPECT_EQ(story.appends, 0u) << how;
  }
}

TEST(DamagedHeader, IsKnownUnderANewReference) {
  Story story;
  story.rules.munges = true;
  story.has(umlaut);
  story.push();
  story.source().renew();
  for (const auto* how : {"renewed", "again"}) {
    expect_named(story.push(), how);
    EXPECT_EQ(story.appends, 0u) << how;
  }
}

TEST(DamagedHeader, IsFoundWhereTheServerTellsNoNumbers) {
  Story story;
  story.rules.munges = true;
  story.rules.uidplus = false;
  story.has(umlaut);
  story.has(plain);
  expect_named(story.push(), "first");
  expect_named(story.push(), "again");
  EXPECT_EQ(story.appends, 0u);
}

TEST(DamagedHeader, IsFoundWhereTheAnswerIsLost) {
  Story story;
  story.rules.munges = true;
  story.rules.lose_ok = {{"Subject: Gr", 1}};
  story.has(umlaut);
  story.has(plain);
  expect_named(story.push(), "lost");
  EXPECT_EQ(story.there(), (Texts{munged, plain}));
}

TEST(DamagedHeader, OfOneAccountIsDamagedForTheOtherThatSharesIt) {
  Story story;
  story.rules.munges = true;
  story.options.merge_with = {"imap:old", "imap:other"};
  story.has(umlaut);
  story.push();
  story.is_now("imap:other", {"Received: by other\r\n" + umlaut});
  for (const auto* how : {"first", "again"}) {
    expect_named(story.push(), how);
    EXPECT_EQ(story.appends, 0u) << how;
  }
  story.options.merge_with.clear();
  expect_named(story.push(), "alone");
  EXPECT_EQ(story.appends, 0u);
}

TEST(DamagedHeader, IsReadBackOnlyWhereItHas8BitBytes) {
  for (const bool eight_bit : {false, true}) {
    Story story;
    unsigned asked = 0;
    story.rules.before = [&](const std::string& step, const std::string&) {
      asked += step == "headers" ? 1 : 0;
    };
    story.has(plain);
    if (eight_bit) story.has(umlaut), story.has("X: 1\r\n" + umlaut);
    EXPECT_TRUE(story.push().record.complete);
    EXPECT_EQ(asked, eight_bit ? 1u : 0u) << "once for the batch";
    EXPECT_EQ(story.bodies, 0u);
  }
}

TEST(DamagedHeader, HappensToOneMessageWithRepairAndTheOthersGoEncoded) {
  const auto encoded = [](const std::string& id) {
    return "Message-ID: " + id + "\r\nSubject: =?unknown-8bit?Q?Gr=FC=DFe?=\r\n\r\nbody \xFC\r\n";
  };
  const auto raw = [](const std::string& id) {
    return "Message-ID: " + id + umlaut.substr(umlaut.find("\r\n"));
  };
  Story story;
  story.rules.munges = true;
  story.options.repair = true;
  story.has(umlaut);
  story.has(raw("<3@x>"));
  story.has(plain);
  story.has(raw("<4@x>"));
  expect_named(story.push(), "first");
  const Texts after{munged, encoded("<3@x>"), plain, encoded("<4@x>")};
  EXPECT_EQ(story.there(), after);
  EXPECT_EQ(story.counts.headers_mended, 2u);
  expect_named(story.push(), "again");
  EXPECT_EQ(story.appends, 0u);
  story.ledger.lose();
  expect_named(story.push(), "without the ledger");
  EXPECT_EQ(story.appends, 0u);
  EXPECT_EQ(story.there(), after);

  // deleted there by a person: the server's habit is known by now
  story.account.folder("INBOX").expunge(1);
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.there().back(), encoded("<1@x>"));
  story.has(raw("<5@x>"));
  EXPECT_TRUE(story.push().record.complete) << "nor is a new message damaged";
  EXPECT_EQ(story.there().back(), encoded("<5@x>"));

  story.ledger.lose();
  story.options.repair = false;
  EXPECT_TRUE(story.push().record.complete) << "what was mended is known without ledger and --repair";
  EXPECT_EQ(story.appends, 0u);
}

TEST(DamagedHeader, IsNotMendedWhereTheServerKeepsIt) {
  Story story;
  story.options.repair = true;
  story.has(plain);
  story.has(umlaut);
  story.has("X: 1\r\n" + umlaut);
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.there(), (Texts{plain, umlaut, "X: 1\r\n" + umlaut}));
}

TEST(DamagedHeader, IsNotSettledWhileItCannotBeReadBack) {
  Story story;
  story.rules.munges = true;
  bool broken = true;
  story.rules.before = [&](const std::string& step, const std::string&) {
    if (broken && step == "headers") throw Error(Cause::network, Blast::session, Retry::now, "gone");
  };
  story.has(umlaut);
  const auto report = story.push();
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(report.record.balance.failed, 1u);
  EXPECT_TRUE(story.settled().empty());
  broken = false;
  expect_named(story.push(), "the next run");
  EXPECT_EQ(story.appends, 0u);
  EXPECT_EQ(story.there(), Texts{munged});
}

TEST(DamagedHeader, IsSentOnceWhereverTheRunIsKilled) {
  for (const bool lose_ledger : {false, true}) {
    for (std::uint64_t step = 1;; ++step) {
      test::StepCounter steps;
      steps.die_at(step);
      Story story(&steps);
      story.rules.munges = true;
      story.has(umlaut);
      story.has(plain);
      try {
        story.push();
      } catch (const test::Killed&) {
      }
      if (!steps.dead()) break;
      steps.die_at(0);
      if (lose_ledger) story.ledger.lose();
      const auto how = "killed at step " + std::to_string(step);
      expect_named(story.push(), how);
      EXPECT_EQ(story.there(), (Texts{munged, plain})) << how;
      expect_named(story.push(), how + ", again");
      EXPECT_EQ(story.appends, 0u) << how;
    }
  }
}

}  // namespace
}  // namespace postferry::scenario
