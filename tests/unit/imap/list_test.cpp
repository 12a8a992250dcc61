#include <memory>

#include <gtest/gtest.h>

#include <postferry/imap/session.h>

#include "support/scripted_stream.h"

namespace postferry::imap {
namespace {

// A session that has signed in by itself.
Session session(test::Script script, Window window = {}) {
  return Session(std::make_unique<test::ScriptedStream>(std::move(script)), window);
}

test::Script hello(const char* capabilities) {
  return test::Script().say("* PREAUTH [CAPABILITY " + std::string(capabilities) + "] hello");
}

TEST(List, GivesWhatStatusSays) {
  auto imap = session(
      hello("IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE")
          .expect(R"(A1 LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)))")
          .say(R"(* LIST (\Subscribed) "/" INBOX)")
          .say("* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 123456789012)")
          .say("A1 OK"));
  const auto folders = imap.list({});
  ASSERT_EQ(folders.size(), 1u);
  const auto& [folder, has_status, uidvalidity, uidnext, messages, highestmodseq, problem] = folders.front();
  EXPECT_TRUE(has_status);
  EXPECT_EQ(messages, 3u);
  EXPECT_EQ(folder.messages, 3u);
  EXPECT_EQ(uidnext, 9u);
  EXPECT_EQ(uidvalidity, 7u);
  EXPECT_EQ(highestmodseq, 123456789012u);
  EXPECT_EQ(problem, "");
}

TEST(List, AsksForSizesWhereItIsWishedAndTheServerCan) {
  auto imap = session(
      hello("IMAP4rev1 LIST-EXTENDED LIST-STATUS STATUS=SIZE")
          .expect(R"(A1 LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY SIZE)))")
          .say(R"(* LIST () "/" INBOX)")
          .say("* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 SIZE 123456789012)")
          .say("A1 OK"));
  const auto folders = imap.list({.with_size = true});
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_EQ(folders.front().folder.bytes, 123456789012u);
}

TEST(List, KeepsWhatTheServerSaysAgainstAStatus) {
  auto imap = session(hello("IMAP4rev1")
                          .expect(R"(A1 LIST "" "*")")
                          .say(R"(* LIST () "/" A)")
                          .say("A1 OK")
                          .expect(R"(A2 LSUB "" "*")")
                          .say("A2 OK")
                          .expect(R"(A3 STATUS "A" (MESSAGES UIDNEXT UIDVALIDITY))")
                          .say("A3 NO Mailbox is locked"));
  const auto folders = imap.list({});
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_FALSE(folders.front().has_status);
  EXPECT_EQ(folders.front().status_problem, "Mailbox is locked");
}

TEST(List, AsksForNoStatusThatNobodyWants) {
  auto imap = session(hello("IMAP4rev1")
                          .expect(R"(A1 LIST "" "*")")
                          .say(R"(* LIST () "/" A)")
                          .say("A1 OK")
                          .expect(R"(A2 LSUB "" "*")")
                          .say("A2 OK"));
  EXPECT_EQ(imap.list({.with_status = false}).size(), 1u);
}

TEST(Borders, AreEveryThousandthMessage) {
  auto imap = session(hello("IMAP4rev1")
                          .expect("A1 FETCH 1000,2000 (UID)")
                          .say("* 1000 FETCH (UID 1500)")
                          .say("* 2000 FETCH (FLAGS () UID 4000)")
                          .say("A1 OK"));
  EXPECT_EQ(imap.borders(2500, 1000), (std::vector<Uid>{1500, 4000}));
}

TEST(Borders, AreNoneWhereTheServersNumbersAreNoPositions) {
  for (const auto* answer :
       {"* 7000 FETCH (UID 1500)", "* 1000 FETCH (UID 4000)", "* 1000 FETCH (FLAGS ())"}) {
    auto imap = session(hello("IMAP4rev1")
                            .expect("A1 FETCH 1000,2000 (UID)")
                            .say(answer)
                            .say("* 2000 FETCH (UID 4000)")
                            .say("A1 OK"));
    EXPECT_EQ(imap.borders(2500, 1000), std::vector<Uid>{}) << answer;
  }
}

TEST(Borders, AreNoneWhereTheServerRefuses) {
  auto imap = session(hello("IMAP4rev1").expect("A1 FETCH 1000 (UID)").say("A1 BAD no"));
  EXPECT_EQ(imap.borders(1500, 1000), std::vector<Uid>{});
}

}  // namespace
}  // namespace postferry::imap
