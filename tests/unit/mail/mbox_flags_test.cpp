#include <postferry/mail/mbox_flags.h>

#include <string>

#include <gtest/gtest.h>
#include <postferry/mail/spool.h>

namespace postferry::mail {
namespace {

std::string letters(const std::string& message) {
  const auto flags = mbox_flags(*memory_body(message));
  std::string out;
  if (flags.seen) out += 'S';
  if (flags.answered) out += 'A';
  if (flags.flagged) out += 'F';
  if (flags.deleted) out += 'X';
  if (flags.draft) out += 'D';
  EXPECT_TRUE(flags.keywords.empty());
  return out;
}

std::string message(const std::string& end_of_header) {
  return "Received: x\r\nSubject: x\r\n" + end_of_header + "\r\nbody\r\n";
}

TEST(MboxFlags, AreThoseOfTheBookkeepingThatEndsTheHeader) {
  const struct {
    const char *what, *end_of_header, *flags;
  } cases[] = {
      {"Qpopper", "X-UIDL: abc\r\nStatus: RO\r\n", "S"},
      {"UW ipop3d, read", "Status: RO\r\n", "S"},
      {"UW ipop3d, read in this session", "Status: R \r\n", "S"},
      {"UW ipop3d, old", "Status:  O\r\n", ""},
      {"UW ipop3d, new", "Status:   \r\n", ""},
      {"an mbox as it is", "Status: RO\r\nX-Status: AFT\r\nX-Keywords: $Work\r\nX-UID: 4711\r\n", "SAFD"},
      {"the first message of an mbox", "X-IMAPbase: 1 2 $Work\r\nStatus: O\r\nX-Status: F\r\n", "F"},
      {"in another order, with sizes", "Content-Length: 6\r\nX-Status: A\r\nLines: 1\r\nstatus:RO\r\n", "SA"},
      {"folded keywords", "Status: RO\r\nX-Keywords: $Work\r\n $Home\r\nX-UID: 1\r\n", "S"},
      {"an empty X-Status", "Status: RO\r\nX-Status: \r\n", "S"},
      {"bare line ends", "Status: RO\nX-Status: F\n", "SF"},
      {"unread of old", "Status: U\r\n", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(letters(message(one.end_of_header)), one.flags) << one.what;
}

TEST(MboxFlags, DeletedIsNotTaken) { EXPECT_EQ(letters(message("Status: RO\r\nX-Status: D\r\n")), "S"); }

TEST(MboxFlags, AreNotBelievedOfMailThatMerelyHasSuchFields) {
  const struct {
    const char *what, *end_of_header;
  } cases[] = {
      {"the author's field comes behind", "Status: RO\r\nX-Mailer: x\r\n"},
      {"another field stands between", "Status: RO\r\nSubject: x\r\nX-UID: 1\r\n"},
      {"a line that is no field stands between", "Status: RO\r\nno field\r\nX-UID: 1\r\n"},
      {"two of them", "Status: RO\r\nStatus: O\r\n"},
      {"two X-Status", "Status: RO\r\nX-Status: A\r\nX-Status: F\r\n"},
      {"X-Status alone", "X-Status: AF\r\nX-UID: 1\r\n"},
      {"a word of another trade", "Status: RESOLVED\r\n"},
      {"small letters", "Status: ro\r\n"},
      {"an unknown letter in X-Status", "Status: RO\r\nX-Status: AZ\r\n"},
      {"a folded one", "Status: R\r\n O\r\n"},
      {"it is in the body", "\r\nStatus: RO\r\n"},
      {"its name is only like it", "X-Status-Code: RO\r\n"},
  };
  for (const auto& one : cases) EXPECT_EQ(letters(message(one.end_of_header)), "") << one.what;
}

TEST(MboxFlags, AnEarlierStatusDoesNotSpeakForThatOfTheServer) {
  EXPECT_EQ(letters("Status: O\r\nX-Status: F\r\nSubject: x\r\nStatus: RO\r\n\r\n"), "S");
  EXPECT_EQ(letters("Status: RO\r\nSubject: x\r\nStatus: O\r\n\r\n"), "");
}

TEST(MboxFlags, AHeaderMayBeAllThereIs) {
  EXPECT_EQ(letters("Subject: x\r\nStatus: RO"), "S");
  EXPECT_EQ(letters("Status: RO\r\n"), "S");
  EXPECT_EQ(letters(""), "");
}

TEST(MboxFlags, OfAHeaderWhoseEndIsOutOfSightAreNone) {
  EXPECT_EQ(letters("Status: RO\r\nX-Keywords: " + std::string(300u << 10, 'x') + "\r\n\r\n"), "");
}

}  // namespace
}  // namespace postferry::mail
