#include "endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>

namespace postferry::cli {
namespace {

using testing::HasSubstr;

config::Config configuration() {
  config::Config out;
  out.file = "/c/config.toml";
  auto& home = out.accounts["home"];
  home.nickname = "home", home.host = "mail.example.org", home.user = "me", home.port = 993;
  auto& open = out.accounts["open"];
  open = home;
  open.security = config::Security::none;
  out.archives["safe"] = {"safe", "/disk/mail", "gzip"};
  return out;
}

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::config);
    return error.what();
  }
  return "accepted";
}

TEST(FindAccount, ByNameOrAddress) {
  const auto config = configuration();
  EXPECT_EQ(find_account("home", config, {}).host, "mail.example.org");
  EXPECT_EQ(find_account("imaps://me@other.example.org", config, {}).host, "other.example.org");
  Options pinned;
  pinned.as = "imap:me@old";
  EXPECT_EQ(find_account("home", config, pinned).id(), "imap:me@old");
}

TEST(FindAccount, SaysWhatIsWrongWithTheWord) {
  const auto config = configuration();
  const auto said = [&](const std::string& word) { return refusal([&] { find_account(word, config, {}); }); };
  EXPECT_THAT(said("hmoe"), HasSubstr("did you mean home?"));
  EXPECT_THAT(said("safe"), HasSubstr("is an archive"));
  EXPECT_THAT(said("imsps://me:hunter2@h"),
              AllOf(HasSubstr("did you mean imaps://?"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(said("open"), HasSubstr("--allow-plaintext"));
}

TEST(FindArchive, ByNameOrPath) {
  const auto config = configuration();
  EXPECT_EQ(find_archive("safe", config).path, "/disk/mail");
  EXPECT_EQ(find_archive("safe", config).codec, "gzip");
  EXPECT_EQ(find_archive("/x/y/", config).path, "/x/y");
  EXPECT_EQ(find_archive("archive:/x", config).path, "/x");
  EXPECT_EQ(find_archive("./new", config).path, std::filesystem::current_path() / "new");
}

TEST(FindArchive, RefusesABareWordThatIsNoNameWhereThereAreNames) {
  EXPECT_THAT(refusal([] { find_archive("saef", configuration()); }), HasSubstr("did you mean safe?"));
  EXPECT_EQ(find_archive("saef", {}).path, std::filesystem::current_path() / "saef");
  EXPECT_THAT(refusal([] { find_archive("home", configuration()); }), HasSubstr("is an account"));
  EXPECT_THAT(refusal([] { find_archive("imaps://me:hunter2@h", {}); }), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace postferry::cli
