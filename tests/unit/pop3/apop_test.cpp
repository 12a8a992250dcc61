#include "apop.h"

#include <gtest/gtest.h>

namespace postferry::pop3 {
namespace {

TEST(Apop, TheDigestIsThatOfRfc1939) {
  EXPECT_EQ(apop_digest("<1896.697170952@dbc.mtview.ca.us>", "tanstaaf"), "c4c9334bac560ecc979e58001b3e22fb");
}

TEST(Apop, TheStampStandsAnywhereInTheGreeting) {
  EXPECT_EQ(apop_stamp("POP3 server ready <1896.697170952@dbc.mtview.ca.us>"),
            "<1896.697170952@dbc.mtview.ca.us>");
  EXPECT_EQ(apop_stamp("<1@a> ready <2@b>"), "<1@a>");
}

// CVE-2007-1558: who may choose what is hashed learns the password a byte at a time.
TEST(Apop, AStampThatIsNoMessageIdIsNone) {
  for (const auto* greeting : {"", "ready", "ready <", "<>", "<a>", "<@>", "<a@>", "<@b>", "<a@b@c>",
                               "<a b@c>", "<a@b\x80>", "<a@b\x01>", "<<a@b>", "<a@b"}) {
    EXPECT_EQ(apop_stamp(greeting), "") << greeting;
  }
}

}  // namespace
}  // namespace postferry::pop3
