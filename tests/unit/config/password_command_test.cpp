#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/config/config.h>

namespace postferry::config {
namespace {

using testing::HasSubstr;

std::string shell(const std::string& line) { return run_password_command({"/bin/sh", "-c", line}); }

std::string refusal(const std::vector<std::string>& argv) {
  try {
    return "gave " + run_password_command(argv);
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::config);
    return error.what();
  }
}

TEST(PasswordCommand, GivesTheFirstLineOfWhatItPrints) {
  EXPECT_EQ(shell("printf 'hunter2\\nuser: me\\n'"), "hunter2");
  EXPECT_EQ(shell("printf hunter2"), "hunter2");
  EXPECT_EQ(shell("printf 'hunter2\\r\\n'"), "hunter2");
  EXPECT_EQ(run_password_command({"printf", "%s", " a b;$HOME "}), " a b;$HOME ");
}

TEST(PasswordCommand, SaysWhyThereIsNone) {
  EXPECT_THAT(refusal({"/no/such/command"}), HasSubstr("/no/such/command: No such file"));
  EXPECT_THAT(refusal({"/bin/sh", "-c", "exit 3"}), HasSubstr("exit status 3"));
  EXPECT_THAT(refusal({"/bin/sh", "-c", "kill -9 $$"}), HasSubstr("signal 9"));
  EXPECT_THAT(refusal({"true"}), HasSubstr("printed no password"));
  EXPECT_THAT(refusal({"printf", "\\nsecond"}), HasSubstr("printed no password"));
  EXPECT_THAT(refusal({}), HasSubstr("is empty"));
}

TEST(PasswordCommand, NeverSaysItsArguments) {
  EXPECT_THAT(refusal({"false", "hunter2"}), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal({"/bin/sh", "-c", "exit 1 # hunter2"}), Not(HasSubstr("hunter2")));
}

TEST(PasswordCommand, SeesNoneOfOurVariables) {
  ::setenv("POSTFERRY_TO_PASSWORD", "hunter2", 1);
  ::setenv("NOT_POSTFERRY", "kept", 1);
  EXPECT_EQ(shell("printf '%s' \"${POSTFERRY_TO_PASSWORD-gone} $NOT_POSTFERRY\""), "gone kept");
  ::unsetenv("POSTFERRY_TO_PASSWORD");
  ::unsetenv("NOT_POSTFERRY");
}

TEST(PasswordCommand, SurvivesMoreOutputThanAPipeHolds) {
  EXPECT_EQ(shell("echo hunter2; head -c 300000 /dev/zero"), "hunter2");
}

}  // namespace
}  // namespace postferry::config
