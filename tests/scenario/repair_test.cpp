#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <postferry/mail/digester.h>

#include "story.h"

namespace postferry::scenario {
namespace {

using namespace std::string_literals;

constexpr unsigned always = 1000000;

TEST(RepairOfRefusedMail, IsNotDoneUnasked) {
  Story story;
  story.options.repair = false;
  story.rules.refuse[std::string(1, '\0')] = always;
  story.has("Subject: bad\r\n\r\nnul \0 here\r\n"s);
  story.has("Subject: good\r\n\r\nfine\r\n");
  const auto report = story.push();
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(report.record.balance.failed, 1u);
  EXPECT_EQ(story.there(), std::vector<std::string>{"Subject: good\r\n\r\nfine\r\n"});
}

// A server that takes NULs stores something else for them (Dovecot: 0x80), and says OK.
TEST(RepairOfRefusedMail, LeavesOutWhatHoldsNulsWhateverTheServerSays) {
  Story story;
  story.options.repair = false;
  story.has("Subject: bad\r\n\r\nnul \0 here\r\n"s);
  story.has("Subject: good\r\n\r\nfine\r\n");
  EXPECT_EQ(story.push().record.balance.failed, 1u);
  EXPECT_EQ(story.there(), std::vector<std::string>{"Subject: good\r\n\r\nfine\r\n"});
}

TEST(RepairOfRefusedMail, ChangesOnlyWhatWasRefused) {
  Story story;
  story.options.repair = true;
  const auto untouched = "Subject: long\r\n\r\n" + std::string(2000, 'x') + "\r\n";
  story.rules.refuse[std::string(1, '\0')] = always;
  story.has("Subject: bad\r\n\r\nnul \0 here\r\n"s);
  story.has(untouched);
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.there(), (std::vector<std::string>{"Subject: bad\r\n\r\nnul  here\r\n", untouched}));
  EXPECT_EQ(story.counts.nuls_removed, 1u);
  EXPECT_EQ(story.counts.lines_folded, 0u);
  const auto notes = story.events.of<mail::event::Note>();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].text.find("NUL bytes removed"), std::string::npos) << notes[0].text;
}

TEST(RepairOfRefusedMail, IsNotedInTheLedgerUnderWhatTheMessageIsAtItsSource) {
  Story story;
  story.options.repair = true;
  const auto bad = "Subject: bad\r\n\r\nnul \0 here\r\n"s;
  story.rules.refuse[std::string(1, '\0')] = always;
  story.has(bad);
  story.push();
  const auto settled = story.settled();
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].altered, 1u);
  EXPECT_EQ(settled[0].canonical, mail::digests_of(as_bytes(bad)).canonical);
}

TEST(RepairOfRefusedMail, IsNotDoneTwiceToOneMessage) {
  Story story;
  story.options.repair = true;
  story.rules.refuse[std::string(1, '\0')] = always;
  story.has("Subject: bad\r\n\r\nnul \0 here\r\n"s);
  story.push();
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.appends, 0u) << "with the ledger";
  story.ledger.lose();
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.appends, 0u) << "without it: what was mended is recognised as such";
  EXPECT_EQ(story.counts.recognised, 1u);
  EXPECT_EQ(story.there().size(), 1u);
  ASSERT_EQ(story.settled().size(), 1u);
  EXPECT_EQ(story.settled()[0].altered, 1u);
}

TEST(RepairOfRefusedMail, GoesStepByStepAndNoFurtherThanNeeded) {
  Story story;
  story.options.repair = true;
  story.rules.multiappend = false;
  story.rules.refuse[std::string(9901, 'x')] = always;
  story.has("Subject: \xC3\xA4\r\n\r\n" + std::string(12000, 'x') + "\r\n");
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.there(),
            (std::vector<std::string>{"Subject: =?utf-8?Q?=C3=A4?=\r\n\r\n" + std::string(9900, 'x') +
                                      "\r\n" + std::string(2100, 'x') + "\r\n"}));
  EXPECT_EQ(story.settled().at(0).altered, 2u + 4u) << "the header was tried before the lines";
}

TEST(RepairOfRefusedMail, EndsWithTheFirstRefusalWhereNothingHelps) {
  Story story;
  story.options.repair = true;
  story.rules.refuse["hopeless"] = always;
  story.has("Subject: hopeless \xC3\xA4\r\n\r\nnul \0 here\r\n"s);
  const auto report = story.push();
  EXPECT_FALSE(report.record.complete);
  EXPECT_EQ(report.record.balance.failed, 1u);
  EXPECT_TRUE(story.there().empty());
  EXPECT_EQ(story.counts.nuls_removed, 0u) << "nothing of it is there";
}

TEST(RepairOfRefusedMail, HelpsWhereTheServerHangsUpInsteadOfRefusing) {
  Story story;
  story.options.repair = true;
  story.rules.kill[std::string(1, '\0')] = always;  // quirk 65: Gmail
  story.has("Subject: bad\r\n\r\nnul \0 here\r\n"s);
  story.has("Subject: good\r\n\r\nfine\r\n");
  EXPECT_TRUE(story.push().record.complete);
  EXPECT_EQ(story.there().size(), 2u);
  EXPECT_EQ(story.counts.nuls_removed, 1u);
}

}  // namespace
}  // namespace postferry::scenario
