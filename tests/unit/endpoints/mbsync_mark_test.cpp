#include "mbsync_mark.h"

#include <gtest/gtest.h>

namespace postferry::endpoints {
namespace {

const std::string before = "Subject: a\r\nTo: b\r\n", mark = "X-TUID: 3Q5Mpnj3vKW2\r\n",
                  after = "\r\nbody\r\nX-TUID: not a field\r\n";

TEST(MbsyncMark, IsTakenOutOfTheHeaderOnly) {
  EXPECT_EQ(without_mbsync_mark(before + mark + after), before + after);
  EXPECT_EQ(without_mbsync_mark(mark + before), before);
  EXPECT_EQ(without_mbsync_mark("x-tuid: a"), "");
  EXPECT_EQ(without_mbsync_mark(before + mark + mark + after), before + mark + after)
      << "the first: mbsync has one";
  EXPECT_FALSE(without_mbsync_mark(before + after));
  EXPECT_FALSE(without_mbsync_mark("X-TUIDS: a\r\n"));
  EXPECT_FALSE(without_mbsync_mark("\nX-TUID: a\n"));
  EXPECT_FALSE(without_mbsync_mark(""));
}

TEST(MbsyncMark, LeavesTheDigestOfTheOriginal) {
  const auto marked = before + mark + after;
  for (std::size_t cut = 0; cut <= marked.size(); ++cut) {
    OriginalDigest digest;
    digest.update(as_bytes(marked).first(cut));
    digest.update(as_bytes(marked).subspan(cut));
    EXPECT_EQ(digest.finish().value().canonical, mail::digests_of(as_bytes(before + after)).canonical) << cut;
  }
  OriginalDigest of_another;
  of_another.update(as_bytes(before + after));
  EXPECT_FALSE(of_another.may_be_marked());
  EXPECT_FALSE(of_another.finish());
  OriginalDigest of_header;
  of_header.update(as_bytes(before + mark));
  EXPECT_EQ(of_header.finish().value().canonical, mail::digests_of(as_bytes(before)).canonical);
}

}  // namespace
}  // namespace postferry::endpoints
