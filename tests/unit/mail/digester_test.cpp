#include <postferry/codec/sha256.h>
#include <postferry/mail/digester.h>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mail_text.h"

namespace postferry::mail {
namespace {

Digests of(std::string_view message) { return digests_of(as_bytes(message)); }

bool same(const Digests& a, const Digests& b) {
  return a.content == b.content && a.canonical == b.canonical && a.merge == b.merge && a.header == b.header &&
         a.match == b.match && a.headline.date == b.headline.date && a.headline.from == b.headline.from &&
         a.headline.subject == b.headline.subject;
}

TEST(Digester, NamesTheExactBytes) {
  EXPECT_EQ(of("a: b\r\n\r\nx").content.digest, codec::Sha256::of(as_bytes("a: b\r\n\r\nx")));
  EXPECT_NE(of("a: b\r\n\r\nx").content, of("a: b\r\n\r\nx\r\n").content);
}

// Dovecot stores a bare LF as CRLF; servers add a missing last line end, or take one away.
TEST(Digester, CanonicalIsTheSameWhateverAServerDoesToLineEnds) {
  const auto sent = of("Message-ID: <a@b>\nSubject: x\n\nbody\n.\n");
  const auto stored = of("Message-ID: <a@b>\r\nSubject: x\r\n\r\nbody\r\n.\r\n\r\n");
  EXPECT_NE(sent.content, stored.content);
  EXPECT_EQ(sent.canonical, stored.canonical);
  EXPECT_EQ(sent.header, stored.header);
  EXPECT_EQ(sent.match, stored.match);
  EXPECT_EQ(sent.merge, stored.merge);
}

TEST(Digester, CanonicalMessagesAreNamedOnce) {
  const auto digests = of("a: b\r\n\r\nx\r\n");
  EXPECT_EQ(digests.content.digest, digests.canonical.digest);
  EXPECT_EQ(digests.content.digest, digests.merge.digest);
}

// One Message-ID, two texts: mailing lists do it, and so do Sent copies.
TEST(Digester, EqualMessageIdsDoNotMakeEqualMessages) {
  const auto a = of("Message-ID: <a@b>\r\n\r\none\r\n");
  const auto b = of("Message-ID: <a@b>\r\n\r\ntwo\r\n");
  EXPECT_EQ(a.match, b.match);
  EXPECT_NE(a.canonical, b.canonical);
  EXPECT_NE(a.content, b.content);
}

TEST(Digester, AMessageWithoutMessageIdHasNoKeyButAllElse) {
  const auto draft = of("Subject: a draft\r\n\r\n");
  EXPECT_FALSE(draft.match);
  EXPECT_EQ(draft.canonical, of("Subject: a draft\r\n").canonical);
}

// Exchange 2010 adds X-Message-Flag when \Flagged is set; POP3 and IMAP views of one store differ in X-UID,
// Status, X-Keywords and Return-Path.
TEST(Digester, MergeLooksPastWhatStoresAdd) {
  const std::string author = "Message-ID: <a@b>\r\nDate: Tue, 1 Jul 2003 10:52:37 +0200\r\nSubject: x\r\n";
  const auto sent = of(author + "\r\nbody\r\n");
  for (const auto* added :
       {"X-Message-Flag: Follow up\r\n", "X-UID: 17\r\n", "Status: RO\r\n", "X-Keywords: a b\r\n\t c\r\n",
        "Return-Path: <x@y>\r\n", "Received: from a by b;\r\n Tue, 1 Jul 2003\r\n", "ARC-Seal: i=1\r\n"}) {
    const auto first = of(added + author + "\r\nbody\r\n");
    const auto last = of(author + added + "\r\nbody\r\n");
    EXPECT_EQ(first.merge, sent.merge) << added;
    EXPECT_EQ(last.merge, sent.merge) << added;
    EXPECT_EQ(first.match, sent.match) << added;
    EXPECT_NE(first.canonical, sent.canonical) << added;
    EXPECT_NE(first.header, sent.header) << added;
  }
  EXPECT_NE(of("X-Priority: 1\r\n" + author + "\r\nbody\r\n").merge, sent.merge);
}

TEST(Digester, TheHeadlineIsWhatAPersonKnowsAMessageBy) {
  const auto headline = of("From: =?iso-8859-1?q?Andr=E9?= <andre@example.org>\r\nSubject: one\r\n "
                           "two\r\nDate: Tue,\r\n 1 Jul 2003\r\n"
                           "Subject: not this one\r\n\r\nSubject: nor this\r\n")
                            .headline;
  EXPECT_EQ(headline.from, "André <andre@example.org>");
  EXPECT_EQ(headline.subject, "one two");
  EXPECT_EQ(headline.date, "Tue, 1 Jul 2003");
}

TEST(Digester, ALongHeaderCostsNoMoreThanItsBounds) {
  const std::string references = "References: " + std::string(200'000, 'r') + "\r\n";
  const std::string subject = "Subject: " + std::string(200'000, 's');
  const auto digests = of(references + "Message-ID: <a@b>\r\n" + subject + "\r\n\r\nbody\r\n");
  ASSERT_TRUE(digests.match);
  EXPECT_EQ(digests.headline.subject, std::string(160, 's'));
  // of a subject the first 16 KiB count
  EXPECT_EQ(digests.match, of("Message-ID: <a@b>\r\n" + subject.substr(0, 100'000) + "\r\n\r\n").match);
}

TEST(Digester, BeginsAnewAfterFinish) {
  Digester digester;
  digester.update(as_bytes("Received: x\nMessage-ID: <a@b>\n\nbody\n"));
  digester.finish();
  digester.update(as_bytes("Subject: y\r\n\r\n"));
  EXPECT_TRUE(same(digester.finish(), of("Subject: y\r\n\r\n")));
}

// BODY.PEEK[HEADER] and TOP n 0 bring the block with its empty line, without it, or with a little of what
// follows.
TEST(HeaderDigests, AgreeWithThoseOfTheWholeMessage) {
  const std::string block = "Received: x\r\nMessage-ID: <a@b>\r\nSubject: s\r\n";
  const auto whole = of(block + "\r\nbody\r\n");
  for (const auto& fetched :
       {block, block + "\r\n", block + "\r\n\r\n", block + "\r\nbo", block.substr(0, block.size() - 2)}) {
    const auto digests = header_digests(as_bytes(fetched));
    EXPECT_EQ(digests.header, whole.header);
    EXPECT_EQ(digests.match, whole.match);
    EXPECT_EQ(digests.headline.subject, "s");
  }
}

class Laws : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Laws, ::testing::Range(0U, 300U));

TEST_P(Laws, HoldForHostileMessagesHoweverTheyAreCut) {
  std::mt19937 random(GetParam());
  const std::string message = test::hostile_message(random);
  const auto whole = of(message);

  Digester digester;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t piece = 1 + random() % (random() % 3 == 0 ? 5000 : 7);
    digester.update(as_bytes(std::string_view(message).substr(at, piece)));
    at += piece;
  }
  EXPECT_TRUE(same(digester.finish(), whole));

  const auto canonical = of(test::canonical_form(message));
  EXPECT_EQ(canonical.canonical, whole.canonical);
  EXPECT_EQ(canonical.content.digest, whole.canonical.digest);
  EXPECT_EQ(canonical.header, whole.header);
  EXPECT_EQ(canonical.match, whole.match);
  EXPECT_EQ(canonical.merge, whole.merge);

  const auto header = header_digests(as_bytes(message));
  EXPECT_EQ(header.header, whole.header);
  EXPECT_EQ(header.match, whole.match);

  // a new trace field, wherever fields may stand
  const auto received = of("Received: from somewhere\r\n" + message);
  if (!message.starts_with(' ') && !message.starts_with('\t') && !message.starts_with("From ") &&
      !message.starts_with(">From ")) {
    EXPECT_EQ(received.merge, whole.merge);
    EXPECT_EQ(received.match, whole.match);
  }
}

}  // namespace
}  // namespace postferry::mail
