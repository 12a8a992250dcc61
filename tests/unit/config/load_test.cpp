#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/config/config.h>

#include "temp_folder.h"

namespace postferry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::filesystem::path> profiles{POSTFERRY_SOURCE_DIR "/profiles"};

std::string refusal(const std::string& text, unsigned mode = 0600) {
  TempFolder folder;
  try {
    load_config(folder.write("config.toml", text, mode), profiles);
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::config);
    return error.what();
  }
  return "accepted";
}

TEST(LoadConfig, ReadsAccountsArchivesAndJobs) {
  TempFolder folder;
  const auto file = folder.write("config.toml", R"(
[accounts.isp]
profile = "generic-pop3"
host = "POP.isp.example"
user = "alice"
password_command = ["secret-tool", "lookup", "service", "isp"]

[accounts.home]
profile = "fastmail"
user = "alice@example.org"
password_command = "pass show fastmail | head -1"

[archives.safe]
path = "mail"
codec = "gzip"

[jobs.nightly]
from = ["home", "isp"]
to = "safe"
exclude = [":junk:", ":trash:"]
)");
  const auto config = load_config(file, profiles);
  const auto& isp = config.accounts.at("isp");
  EXPECT_EQ(isp.url(), "pop3s://alice@pop.isp.example");
  EXPECT_THAT(isp.password_command, ElementsAre("secret-tool", "lookup", "service", "isp"));
  EXPECT_EQ(isp.connections, 1u);
  const auto& home = config.accounts.at("home");
  EXPECT_EQ(home.id(), "imap:alice@example.org@imap.fastmail.com");
  EXPECT_THAT(home.password_command, ElementsAre("/bin/sh", "-c", "pass show fastmail | head -1"));
  EXPECT_EQ(config.archives.at("safe").path, folder.path() / "mail");
  EXPECT_EQ(config.archives.at("safe").codec, "gzip");
  EXPECT_THAT(config.jobs.at("nightly").from, ElementsAre("home", "isp"));
  EXPECT_THAT(config.jobs.at("nightly").exclude, ElementsAre(":junk:", ":trash:"));
}

TEST(LoadConfig, RefusesWhatItDoesNotKnowWithThePlaceAndTheNearest) {
  EXPECT_THAT(
      refusal("[accounts.a]\nuser = \"u\"\nhots = \"h\"\n"),
      AllOf(HasSubstr("config.toml:3:1: unknown key accounts.a.hots"), HasSubstr("did you mean host?")));
  EXPECT_THAT(refusal("[acounts.a]\nuser = \"u\"\n"), HasSubstr("did you mean accounts?"));
  EXPECT_THAT(refusal("[jobs.j]\nfrom = \"a\"\nto = \"b\"\nexlude = []\n"),
              HasSubstr("did you mean exclude?"));
}

TEST(LoadConfig, ChecksWhatKindOfValueStandsThere) {
  const std::pair<const char*, const char*> rows[] = {
      {"[accounts.a]\nuser = 7\nhost = \"h\"\n",
       ":2:8: accounts.a.user: must be a text in quotes, not a whole number"},
      {"[accounts.a]\nuser = \"u\"\nhost = \"h\"\nport = \"993\"\n",
       "accounts.a.port: must be a whole number, not a text"},
      {"[accounts.a]\nuser = \"u\"\nhost = \"h\"\nport = 70000\n", "not between 1 and 65535"},
      {"[accounts.a]\nuser = \"u\"\nhost = \"h\"\ntls = \"yes\"\n",
       "is none of \"on\", \"starttls\", \"off\""},
      {"[accounts.a]\nuser = \"u\"\nhost = \"h\"\npassword_command = [\"a\", 1]\n", "nothing but texts"},
      {"[accounts.a]\nuser = \"u\"\nhost = \"h\"\npassword_command = []\n", "is empty"},
      {"[accounts.a]\nhost = \"h\"\n", "user: is missing"},
      {"[accounts.a]\nuser = \"u\"\n", "host: is missing"},
      {"[accounts.a]\nuser = \"u\"\nprofile = \"gmial\"\n",
       "config.toml:3:11: accounts.a.profile: no provider profile is named "
       "\"gmial\"; did you mean gmail?"},
      {"[archives.x]\n", "path: is missing"},
      {"[jobs.j]\nto = \"x\"\n", "from: is missing"},
      {"accounts = 1\n", "must be tables"},
      {"[accounts\n", "config.toml:1:"},
      {"[accounts.x]\nuser=\"u\"\nhost=\"h\"\n[archives.x]\npath=\"p\"\n", "names both"},
  };
  for (const auto& [text, what] : rows) EXPECT_THAT(refusal(text), HasSubstr(what)) << text;
}

TEST(LoadConfig, RefusesAPasswordInAFileThatOthersCanRead) {
  const std::string text = "[accounts.a]\nuser = \"u\"\nhost = \"h\"\npassword = \"hunter2\"\n";
  EXPECT_THAT(refusal(text, 0640), AllOf(HasSubstr("chmod 600"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(refusal(text, 0604), HasSubstr("chmod 600"));
  EXPECT_EQ(refusal(text, 0600), "accepted");
}

TEST(LoadConfig, TakesAnAddressForAnAccount) {
  TempFolder folder;
  const auto config = load_config(
      folder.write(
          "config.toml",
          "[accounts.a]\nurl = \"imap://me@mail.example.org\"\n[accounts.b]\nurl = \"pop3s://me@h\"\n"),
      profiles);
  EXPECT_EQ(config.accounts.at("a").url(), "imap://me@mail.example.org");
  EXPECT_EQ(config.accounts.at("b").url(), "pop3s://me@h");
  EXPECT_THAT(refusal("[accounts.a]\nurl = \"home\"\n"), HasSubstr("is no imaps://"));
}

TEST(LoadConfig, LetsTheAccountOverrideItsProfile) {
  TempFolder folder;
  const auto config = load_config(folder.write("config.toml", R"(
[accounts.a]
profile = "gmail"
protocol = "pop3"
user = "u"
connections = 1
)"),
                                  profiles);
  const auto& a = config.accounts.at("a");
  EXPECT_EQ(a.url(), "pop3s://u@pop.gmail.com");
  EXPECT_EQ(a.connections, 1u);
}

}  // namespace
}  // namespace postferry::config
