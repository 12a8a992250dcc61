#include "secrets.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>

#include "../config/temp_folder.h"

namespace postferry::cli {
namespace {

using testing::HasSubstr;

config::Account account(const std::string& nickname) {
  config::Account out;
  out.nickname = nickname;
  out.host = nickname + ".example.org";
  out.user = "me";
  out.port = 993;
  return out;
}

config::Account with_command(const std::string& nickname, const std::string& line) {
  auto out = account(nickname);
  out.password_command = {"/bin/sh", "-c", line};
  return out;
}

std::string refusal(Secrets& secrets, std::size_t index) {
  try {
    return "gave " + secrets.reveal(index);
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::config);
    return error.what();
  }
}

TEST(Secrets, ComeFromTheFirstSourceThatThereIs) {
  config::TempFolder folder;
  folder.write("postferry.home", "from-credential\nmore\n");
  auto full = with_command("home", "echo from-config");
  full.password = "from-file";
  Secrets::Surroundings around{.commands = {"echo from-option"},
                               .environment = {{"POSTFERRY_FROM_PASSWORD_1", "from-1"},
                                               {"POSTFERRY_FROM_PASSWORD", "from"},
                                               {"POSTFERRY_PASSWORD", "shared"}},
                               .credentials_folder = folder.path(),
                               .ask = [](const std::string&) { return std::string("typed"); }};
  std::vector<std::string> order;
  const auto note = [&] { order.push_back(Secrets({full}, around).reveal(0)); };
  note(), around.commands.clear();
  note(), full.password_command.clear();
  note(), full.password.clear();
  note(), around.environment.erase("POSTFERRY_FROM_PASSWORD_1");
  note(), around.environment.erase("POSTFERRY_FROM_PASSWORD");
  note(), around.environment.clear();
  note(), around.credentials_folder.clear();
  note();
  EXPECT_THAT(order, testing::ElementsAre("from-option", "from-config", "from-file", "from-1", "from",
                                          "shared", "from-credential", "typed"));
  around.ask = nullptr;
  Secrets none({full}, around);
  EXPECT_EQ(none.source(0), "none");
  EXPECT_THAT(refusal(none, 0), AllOf(HasSubstr("home: no password"), HasSubstr("--password-command")));
}

TEST(Secrets, OneVariableServesOneAccountOnly) {
  const std::map<std::string, std::string> shared{{"POSTFERRY_PASSWORD", "hunter2"}};
  Secrets one({with_command("a", "echo x"), account("b")}, {{}, shared, "", {}});
  EXPECT_EQ(one.reveal(1), "hunter2");
  EXPECT_EQ(one.reveal(0), "x");

  Secrets two({account("a"), account("b")}, {{}, shared, "", {}});
  EXPECT_THAT(refusal(two, 0), AllOf(HasSubstr("offered to nobody"), Not(HasSubstr("hunter2"))));
  EXPECT_EQ(two.source(1), "none");
}

TEST(Secrets, NumberedVariablesFollowTheOrderOfTheAccounts) {
  Secrets both({account("a"), account("b")}, {{},
                                              {{"POSTFERRY_FROM_PASSWORD_1", "one"},
                                               {"POSTFERRY_FROM_PASSWORD_2", "two"},
                                               {"POSTFERRY_FROM_PASSWORD", "x"}},
                                              "",
                                              {}});
  EXPECT_EQ(both.reveal(0), "one");
  EXPECT_EQ(both.reveal(1), "two");
}

TEST(Secrets, CommandsFollowTheOrderOfTheAccounts) {
  Secrets both({account("a"), with_command("b", "echo own")}, {{"echo first"}, {}, "", {}});
  EXPECT_EQ(both.reveal(0), "first");
  EXPECT_EQ(both.reveal(1), "own");
  EXPECT_THROW(Secrets({account("a")}, {{"echo 1", "echo 2"}, {}, "", {}}), Error);
}

TEST(Secrets, AreAskedForOnce) {
  int asked = 0;
  Secrets secrets({account("a")}, {{}, {}, "", [&](const std::string& prompt) {
                                     EXPECT_EQ(prompt, "Password for a: ");
                                     return "typed" + std::to_string(++asked);
                                   }});
  EXPECT_EQ(secrets.reveal(0), "typed1");
  EXPECT_EQ(secrets.reveal(0), "typed1");
}

TEST(Secrets, LeaveTheEnvironment) {
  ::setenv("POSTFERRY_PASSWORD", "hunter2", 1);
  ::setenv("POSTFERRY_CONFIG", "/c", 1);
  const auto taken = take_passwords_from_environment();
  EXPECT_EQ(taken.at("POSTFERRY_PASSWORD"), "hunter2");
  EXPECT_EQ(::getenv("POSTFERRY_PASSWORD"), nullptr);
  EXPECT_STREQ(::getenv("POSTFERRY_CONFIG"), "/c");
  ::unsetenv("POSTFERRY_CONFIG");
}

TEST(Secrets, GivesEachSideItsOwn) {
  Secrets secrets({account("old")},
                  {{}, {{"POSTFERRY_FROM_PASSWORD", "from"}, {"POSTFERRY_TO_PASSWORD", "to"}}, "", {}}, account("new"));
  EXPECT_EQ(secrets.reveal(0), "from");
  EXPECT_EQ(secrets.reveal(1), "to");
}

TEST(Secrets, OffersThePasswordThatIsNobodysOwnToNoSideWhereBothLackOne) {
  Secrets both({account("old")}, {{}, {{"POSTFERRY_PASSWORD", "shared"}}, "", {}}, account("new"));
  EXPECT_THAT(refusal(both, 0), HasSubstr("POSTFERRY_TO_PASSWORD"));
  EXPECT_THAT(refusal(both, 1), HasSubstr("offered to nobody"));
  Secrets one({account("old")}, {{}, {{"POSTFERRY_PASSWORD", "shared"}, {"POSTFERRY_FROM_PASSWORD", "from"}}, "", {}},
              account("new"));
  EXPECT_EQ(one.reveal(1), "shared");
  EXPECT_EQ(one.reveal(0), "from");
}

TEST(Secrets, OfTheDestinationComeFromItsOwnCommand) {
  Secrets secrets({account("old")}, {{"echo from"}, {}, "", {}, {"echo to"}}, account("new"));
  EXPECT_EQ(secrets.reveal(0), "from");
  EXPECT_EQ(secrets.reveal(1), "to");
}

}  // namespace
}  // namespace postferry::cli
