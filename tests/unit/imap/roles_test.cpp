#include <postferry/imap/roles.h>

#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

using mail::Role;

TEST(Roles, AreWhatTheServerSays) {
  EXPECT_EQ(role_of_attribute("\\Sent"), Role::sent);
  EXPECT_EQ(role_of_attribute("\\JUNK"), Role::junk);
  EXPECT_EQ(role_of_attribute("\\All"), Role::all);
  EXPECT_EQ(role_of_attribute("\\AllMail"), Role::all);
  EXPECT_EQ(role_of_attribute("\\Starred"), Role::flagged);
  EXPECT_EQ(role_of_attribute("\\Spam"), Role::junk);
}

TEST(Roles, AreNotEveryAttribute) {
  for (const auto* attribute : {"\\HasNoChildren", "\\Noselect", "\\Inbox", "\\None", "Sent", "\\", ""}) {
    EXPECT_EQ(role_of_attribute(attribute), std::nullopt) << attribute;
  }
}

TEST(Roles, AreGuessedFromUsualNames) {
  const std::pair<const char*, Role> cases[] = {
      {"Sent", Role::sent},
      {"SENT ITEMS", Role::sent},
      {"Gesendet", Role::sent},
      {"Éléments envoyés", Role::none},  // only ASCII is the same in any case
      {"éléments envoyés", Role::sent},
      {"Отправленные", Role::sent},
      {"Drafts", Role::drafts},
      {"Entwürfe", Role::drafts},
      {"Trash", Role::trash},
      {"Papierkorb", Role::trash},
      {"Deleted Items", Role::trash},
      {"Junk", Role::junk},
      {"Spam", Role::junk},
      {"Archive", Role::archive},
      {"归档", Role::archive},
      {"Work", Role::none},
      {"Sent 2019", Role::none},
      {"", Role::none}};
  for (const auto& [name, role] : cases) EXPECT_EQ(role_of_name(name), role) << name;
}

TEST(Roles, HaveOneWordEach) {
  EXPECT_EQ(role_of_word("trash"), Role::trash);
  EXPECT_EQ(role_of_word("Inbox"), Role::inbox);
  EXPECT_EQ(role_of_word("none"), Role::none);
  EXPECT_EQ(role_of_word("bin"), std::nullopt);
}

}  // namespace
}  // namespace postferry::imap
