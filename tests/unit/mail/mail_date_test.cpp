#include "mail_date.h"

#include <gtest/gtest.h>

namespace postferry::mail {
namespace {

TEST(MailDate, FindsTheInstantBehindEverySpelling) {
  for (const auto* text :
       {"Tue, 1 Jul 2003 10:52:37 +0200", "1 Jul 2003 10:52:37 +0200", "tue,1 JUL 2003 10:52:37 +0200",
        "Tue, 01 Jul 2003 08:52:37 GMT", "Tue, 1 Jul 2003 08:52:37 -0000", "Tue, 1 Jul 2003 03:52:37 CDT",
        "Tuesday, 1 Jul 03 8:52:37 Z", "1 Jul 103 08:52:37 UT", "Tue, 1 Jul\r\n\t2003 10:52:37 +0200 (CEST)",
        "Tue (day (of the week)), 1 Jul 2003 10:52:37 +0200", "Fri, 1 Jul 2003 08:52:37 utc"}) {
    const auto at = mail_date(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(at->time_since_epoch().count(), 1057049557) << text;
  }
}

TEST(MailDate, KnowsYearsBeforeAndAfterTheEpoch) {
  struct Case {
    const char* text;
    long seconds;
  };
  for (const auto& [text, seconds] :
       {Case{"1 Jan 1970 00:00 GMT", 0}, Case{"31 Dec 1969 23:59:59 GMT", -1},
        Case{"1 Jan 50 00:00 GMT", -631152000}, Case{"31 Dec 49 23:59:59 GMT", 2524607999},
        Case{"29 Feb 2000 12:00:60 +0000", 951825660}}) {
    const auto at = mail_date(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(at->time_since_epoch().count(), seconds) << text;
  }
}

TEST(MailDate, SaysNothingInDoubt) {
  for (const auto* text : {"",
                           "Tue",
                           "Tue, 1 Jul 2003",
                           "Tue, 1 Jul 2003 10:52:37",
                           "Tue Jul  1 10:52:37 2003",
                           "32 Jul 2003 10:52:37 GMT",
                           "29 Feb 2003 10:52:37 GMT",
                           "1 Jux 2003 10:52:37 GMT",
                           "1 Jul 2003 24:00:00 GMT",
                           "1 Jul 2003 10:60 GMT",
                           "1 Jul 2003 10:52:61 GMT",
                           "1 Jul 2003 10:52:37 MESZ",
                           "1 Jul 2003 10:52:37 +200",
                           "1 Jul 2003 10:52:37 +2400",
                           "1 Jul 2003 10:52:37 +02:00",
                           "1 Jul 20030 10:52:37 GMT",
                           "0 Jul 2003 10:52:37 GMT",
                           "1 Jul 0000 10:52:37 GMT",
                           "1 Jul 2003 10.52.37 GMT",
                           "1 Jul 2003 10:52:37 GMT x"}) {
    EXPECT_FALSE(mail_date(text)) << text;
  }
}

}  // namespace
}  // namespace postferry::mail
