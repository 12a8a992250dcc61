#include <postferry/config/config.h>

#include <gtest/gtest.h>

namespace postferry::config {
namespace {

Account account(Protocol protocol, Security security, std::uint16_t port) {
  Account out;
  out.protocol = protocol;
  out.security = security;
  out.host = "mail.example.org";
  out.user = "me";
  out.port = port;
  return out;
}

TEST(Account, IsTheSameAccountWhicheverWayItIsReached) {
  EXPECT_EQ(account(Protocol::imap, Security::tls, 993).id(), "imap:me@mail.example.org");
  EXPECT_EQ(account(Protocol::imap, Security::starttls, 143).id(), "imap:me@mail.example.org");
  EXPECT_EQ(account(Protocol::pop3, Security::tls, 995).id(), "pop3:me@mail.example.org");
}

TEST(Account, NamesThePortThatIsNobodysUsualOne) {
  EXPECT_EQ(account(Protocol::imap, Security::tls, 12993).id(), "imap:me@mail.example.org:12993");
}

TEST(Account, KeepsTheIdThatWasPinned) {
  auto moved = account(Protocol::imap, Security::tls, 993);
  moved.archive_as = "imap:me@old.example.org";
  EXPECT_EQ(moved.id(), "imap:me@old.example.org");
}

TEST(Account, ShowsAnAddressThatLeadsBackToIt) {
  auto odd = account(Protocol::imap, Security::starttls, 993);
  odd.user = "me@example.org";
  EXPECT_EQ(odd.url(), "imap://me%40example.org@mail.example.org:993");
  const auto again = parse_url(odd.url(), {}, false);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->user, odd.user);
  EXPECT_EQ(again->port, odd.port);
  EXPECT_EQ(again->security, odd.security);
}

TEST(Account, WritesAnIpv6HostInBrackets) {
  auto six = account(Protocol::imap, Security::tls, 1993);
  six.host = "::1";
  EXPECT_EQ(six.id(), "imap:me@[::1]:1993");
}

}  // namespace
}  // namespace postferry::config
