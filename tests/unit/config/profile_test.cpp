#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/config/config.h>

#include "temp_folder.h"

namespace postferry::config {
namespace {

const std::filesystem::path shipped = POSTFERRY_SOURCE_DIR "/profiles";

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(shipped)) {
    if (entry.path().extension() == ".toml") out.push_back(entry.path().stem());
  }
  return out;
}

TEST(Profiles, AreAllThere) {
  EXPECT_THAT(names(), testing::UnorderedElementsAre("gmail", "microsoft365", "yahoo", "icloud", "fastmail",
                                                     "gmx", "generic-imap", "generic-pop3"));
}

TEST(Profiles, NameTheirSourceAndSayWhatToDoWhenTheSignInIsRefused) {
  for (const auto& name : names()) {
    const auto profile = load_profile(name, {shipped});
    EXPECT_FALSE(profile.title.empty()) << name;
    EXPECT_TRUE(profile.source.starts_with("https://")) << name;
    EXPECT_FALSE(profile.advice.empty()) << name;
    EXPECT_LE(profile.advice.size(), 300u) << name;
    EXPECT_TRUE(profile.protocol) << name;
    EXPECT_EQ(profile.security, Security::tls) << name << ": a provider's mail is not read in the open";
    const bool generic = name.starts_with("generic");
    EXPECT_EQ(profile.imap_host.empty(), generic) << name;
  }
}

TEST(Profiles, OfTheUserComeFirst) {
  TempFolder own;
  own.write("gmail.toml", "imap_host = \"imap.mine.example\"\n");
  EXPECT_EQ(load_profile("gmail", {own.path(), shipped}).imap_host, "imap.mine.example");
}

TEST(Profiles, CannotBeReachedOutsideTheirFolders) {
  EXPECT_THROW(load_profile("../profiles/gmail", {shipped}), Error);
  EXPECT_THROW(load_profile("", {shipped}), Error);
}

TEST(Profiles, RefuseUnknownKeysAndRoles) {
  TempFolder own;
  own.write("a.toml", "imap_hots = \"x\"\n");
  own.write("b.toml", "[roles]\n\"Spam\" = \"spam\"\n");
  EXPECT_THROW(load_profile("a", {own.path()}), Error);
  EXPECT_THROW(load_profile("b", {own.path()}), Error);
}

}  // namespace
}  // namespace postferry::config
