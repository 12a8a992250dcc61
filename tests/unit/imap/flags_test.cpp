#include "flags.h"

#include <gtest/gtest.h>

#include <postferry/imap/session.h>

namespace postferry::imap {
namespace {

TEST(FlagList, HasTheFiveFlagsAndTheKeywords) {
  EXPECT_EQ(flag_list({}), "()");
  EXPECT_EQ(flag_list({.seen = true, .keywords = {}}), "(\\Seen)");
  EXPECT_EQ(flag_list({.seen = true,
                       .answered = true,
                       .flagged = true,
                       .deleted = true,
                       .draft = true,
                       .keywords = {"$Forwarded", "Work"}}),
            "(\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded Work)");
}

TEST(FlagList, LeavesOutWhatNoServerCouldTake) {
  for (const auto* keyword : {"", "two words", "a(b", "a)b", "a{b", "a%b", "a*b", "a\"b", "a\\b", "\\Recent",
                              "a]b", "a\r\nb", "\xC3\xA4", "a\x7F"}) {
    EXPECT_EQ(flag_list({.keywords = {keyword}}), "()") << keyword;
  }
}

}  // namespace
}  // namespace postferry::imap
