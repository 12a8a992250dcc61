#include "pattern.h"

#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/mail/folder_path.h>

namespace postferry::cli {
namespace {

using mail::FolderPath;
using mail::Role;

bool matches(const std::string& pattern, const FolderPath& path, Role role = Role::none) {
  return FolderPattern(pattern).matches(path, role);
}

TEST(FolderPattern, HasTheWildcardsOfImap) {
  struct Row {
    const char* pattern;
    FolderPath path;
    bool expected;
  };
  const Row rows[] = {
      {"Work", {"Work"}, true},
      {"Work", {"work"}, false},
      {"Work", {"Work", "2024"}, false},
      {"Work/2024", {"Work", "2024"}, true},
      {"Work*", {"Work", "2024"}, true},
      {"Work*", {"Workshop"}, true},
      {"Work/*", {"Work"}, false},
      {"%", {"Work"}, true},
      {"%", {"Work", "2024"}, false},
      {"%/2024", {"Work", "2024"}, true},
      {"Work/%", {"Work", "a", "b"}, false},
      {"*/2024", {"a", "b", "2024"}, true},
      {"*2024*", {"x2024y"}, true},
      {"*", {}, true},
      {"%a%a%a%a%b", {"aaaaaaaaaaaaaaaaaaaaaaaa"}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(matches(row.pattern, row.path), row.expected) << row.pattern;
}

TEST(FolderPattern, TellsASeparatorFromASlashInAName) {
  EXPECT_TRUE(matches("a\\/b", {"a/b"}));
  EXPECT_FALSE(matches("a/b", {"a/b"}));
  EXPECT_FALSE(matches("a\\/b", {"a", "b"}));
  EXPECT_TRUE(matches("%", {"a/b"}));
  for (const FolderPath& path : {FolderPath{"a/b", "c\\d"}, {"a\\", "b"}, {"a\\/b"}, {"\\\\x"}})
    EXPECT_TRUE(matches(mail::join_path(path), path)) << mail::join_path(path);
}

TEST(FolderPattern, TakesAWildcardLiterallyAfterABackslash) {
  EXPECT_TRUE(matches("50\\%", {"50%"}));
  EXPECT_FALSE(matches("50\\%", {"50x"}));
  EXPECT_TRUE(matches("\\*", {"*"}));
  EXPECT_THROW(FolderPattern("a\\"), Error);
}

TEST(FolderPattern, KnowsInboxInAnyCase) {
  EXPECT_TRUE(matches("inbox", {"INBOX"}));
  EXPECT_TRUE(matches("INBOX", {"Inbox"}));
  EXPECT_TRUE(matches("inbox/%", {"INBOX", "Sub"}));
  EXPECT_FALSE(matches("inbox", {"Work", "INBOX"}));
}

TEST(FolderPattern, ChoosesByRole) {
  EXPECT_TRUE(matches(":junk:", {"Spamverdacht"}, Role::junk));
  EXPECT_TRUE(matches(":Trash:", {"x"}, Role::trash));
  EXPECT_FALSE(matches(":junk:", {"junk"}));
  try {
    FolderPattern(":jnuk:");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean :junk:"), std::string::npos) << error.what();
  }
}

TEST(GlobMatches, ComparesAccounts) {
  EXPECT_TRUE(glob_matches("imap:*@example.org", "imap:me@example.org"));
  EXPECT_TRUE(glob_matches("home", "home"));
  EXPECT_TRUE(glob_matches("h?me", "home"));
  EXPECT_FALSE(glob_matches("hom", "home"));
  EXPECT_TRUE(glob_matches("*", ""));
}

}  // namespace
}  // namespace postferry::cli
