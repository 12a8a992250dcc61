#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/config/config.h>

namespace postferry::config {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::filesystem::path> profiles{POSTFERRY_SOURCE_DIR "/profiles"};

Account parsed(const std::string& text, bool plaintext = false) {
  const auto out = parse_url(text, profiles, plaintext);
  if (!out) throw std::runtime_error("no address: " + text);
  return *out;
}

std::string refusal(const std::string& text, bool plaintext = false) {
  try {
    parse_url(text, profiles, plaintext);
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::config);
    return error.what();
  }
  return "accepted: " + text;
}

TEST(Url, HasTheSecurityAndPortOfItsScheme) {
  struct Row {
    const char* text;
    Protocol protocol;
    Security security;
    std::uint16_t port;
  };
  for (const auto& row : {Row{"imaps://me@h", Protocol::imap, Security::tls, 993},
                          Row{"imap://me@h", Protocol::imap, Security::starttls, 143},
                          Row{"POP3S://me@h", Protocol::pop3, Security::tls, 995},
                          Row{"pop3://me@h", Protocol::pop3, Security::starttls, 110},
                          Row{"imaps://me@h:12993/", Protocol::imap, Security::tls, 12993}}) {
    const auto account = parsed(row.text);
    EXPECT_EQ(account.protocol, row.protocol) << row.text;
    EXPECT_EQ(account.security, row.security) << row.text;
    EXPECT_EQ(account.port, row.port) << row.text;
    EXPECT_EQ(account.user, "me") << row.text;
  }
}

TEST(Url, DecodesTheUserAndLowersTheHost) {
  const auto account = parsed("imaps://me%40example.org@IMAP.Example.Org");
  EXPECT_EQ(account.user, "me@example.org");
  EXPECT_EQ(account.host, "imap.example.org");
  EXPECT_EQ(parsed("imaps://me@example.org@imap.example.org").user, "me@example.org");
  EXPECT_EQ(parsed("imaps://a%25b%3Ac@h").user, "a%b:c");
}

TEST(Url, TakesIpv6InBrackets) {
  const auto account = parsed("imaps://me@[2001:db8::1]:1993");
  EXPECT_EQ(account.host, "2001:db8::1");
  EXPECT_EQ(account.port, 1993);
}

TEST(Url, IsNotEverythingThatLooksLikeOne) {
  for (const auto* text : {"home", "/backup", "maildir:/x", "https://me@h", ""}) {
    EXPECT_EQ(parse_url(text, profiles, false), std::nullopt) << text;
  }
}

TEST(Url, RefusesAPasswordWithoutRepeatingIt) {
  for (const auto* text :
       {"imaps://me:hunter2@h", "imaps://me@example.org:hunter2@h", "imaps://me@h?password=hunter2"}) {
    EXPECT_THAT(refusal(text), HasSubstr("a password has no place in an address")) << text;
    EXPECT_THAT(refusal(text), Not(HasSubstr("hunter2"))) << text;
  }
}

TEST(Url, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> rows[] = {
      {"imaps://h", "whose mailbox"},
      {"imaps://@h", "whose mailbox"},
      {"imaps://me@", "the host is missing"},
      {"imaps://me@h:", "is no port"},
      {"imaps://me@h:0", "is no port"},
      {"imaps://me@h:65536", "is no port"},
      {"imaps://me@h:143x", "is no port"},
      {"imaps://me@h/INBOX", "--folder"},
      {"imaps://me@h#x", "%23"},
      {"imaps://me@2001:db8::1", "in [ ]"},
      {"imaps://me@[2001:db8::1", "has no ]"},
      {"imaps://me@ho st", "no host name has"},
      {"imaps://m%4@h", "%25"},
      {"imaps://m%0De@h", "control character"},
      {"imaps://me@h?profil=gmail", "did you mean profile"},
      {"imaps://me@h?profile=gmial", "did you mean gmail"},
      {"imaps://me@h?ca=", "has no value"},
      {"imaps://me@h?fingerprint=12", "SHA-256"},
      {"imaps://me@h?tls=off", "goes with imap://"},
      {"imap://me@h?tls=on", "imaps://"},
      {"imap://me@h?tls=maybe", "none of on, starttls, off"},
  };
  for (const auto& [text, what] : rows) EXPECT_THAT(refusal(text), HasSubstr(what)) << text;
}

TEST(Url, LeavesTlsOutOnlyOnThisMachineOrWhenAllowed) {
  for (const auto* host : {"localhost", "127.0.0.1", "127.8.9.10", "[::1]"}) {
    EXPECT_EQ(parsed("imap://me@" + std::string(host) + "?tls=off").security, Security::none) << host;
  }
  EXPECT_THAT(refusal("imap://me@mail.example.org?tls=off"), HasSubstr("--allow-plaintext"));
  EXPECT_THAT(refusal("imap://me@localhost.example.org?tls=off"), HasSubstr("--allow-plaintext"));
  EXPECT_EQ(parsed("imap://me@mail.example.org?tls=off", true).security, Security::none);
}

TEST(Url, TakesAFingerprintHoweverItIsWritten) {
  std::string pairs, digits;
  for (int i = 0; i < 32; ++i) pairs += i ? ":AB" : "AB", digits += "ab";
  EXPECT_EQ(parsed("imaps://me@h?fingerprint=" + pairs).fingerprint, digits);
}

TEST(Url, TakesAProfilesFactsButKeepsItsOwnHost) {
  const auto account = parsed("imaps://me@imap.proxy.example?profile=gmail&ca=%2Fetc%2Fmy%20ca.pem");
  EXPECT_EQ(account.host, "imap.proxy.example");
  EXPECT_EQ(account.profile, "gmail");
  EXPECT_EQ(account.ca_file, "/etc/my ca.pem");
  EXPECT_THAT(account.advice, HasSubstr("app password"));
}

}  // namespace
}  // namespace postferry::config
