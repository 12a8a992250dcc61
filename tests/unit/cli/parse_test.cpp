#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "options.h"

namespace postferry::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "postferry");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

std::string complaint(const std::vector<const char*>& words) {
  testing::internal::CaptureStderr();
  const auto parsed = parse(words);
  auto out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(parsed.exit, 2) << out;
  return out;
}

TEST(Arguments, OfABackup) {
  const auto parsed = parse({"--json",
                             "backup",
                             "imaps://a@h?x=1",
                             "b",
                             "/archive",
                             "--folder",
                             "A",
                             "--folder",
                             "B",
                             "--exclude",
                             ":junk:",
                             "-n",
                             "--connections",
                             "3",
                             "--timeout",
                             "2.5",
                             "--password-command",
                             "one two",
                             "--from-password-command",
                             "three",
                             "-vv"});
  ASSERT_FALSE(parsed.exit);
  const auto& o = parsed.options;
  EXPECT_EQ(o.command, Command::backup);
  EXPECT_TRUE(o.json);
  EXPECT_THAT(o.words, ElementsAre("imaps://a@h?x=1", "b", "/archive"));
  EXPECT_THAT(o.folder, ElementsAre("A", "B"));
  EXPECT_THAT(o.exclude, ElementsAre(":junk:"));
  EXPECT_THAT(o.password_command, ElementsAre("one two", "three"));
  EXPECT_TRUE(o.dry_run);
  EXPECT_EQ(o.connections, 3u);
  EXPECT_EQ(o.timeout, 2.5);
  EXPECT_EQ(o.verbose, 2);
}

TEST(Arguments, OptionsMayStandBetweenOperands) {
  const auto parsed = parse({"backup", "--folder", "INBOX", "a", "--since", "2024-01-01", "x"});
  ASSERT_FALSE(parsed.exit);
  EXPECT_THAT(parsed.options.words, ElementsAre("a", "x"));
  EXPECT_THAT(parsed.options.folder, ElementsAre("INBOX"));
}

TEST(Arguments, EveryCommandIsKnown) {
  const std::pair<std::vector<const char*>, Command> rows[] = {
      {{"init", "a"}, Command::init},
      {{"snapshots", "a"}, Command::snapshots},
      {{"ls", "a", "INBOX"}, Command::ls},
      {{"show", "a", "12345678"}, Command::show},
      {{"diff", "a", "1234", "latest"}, Command::diff},
      {{"export", "a", "out", "--format", "maildir"}, Command::export_},
      {{"check", "a", "--read-data-subset", "5%"}, Command::check},
      {{"run", "--all"}, Command::run},
      {{"accounts", "--json"}, Command::accounts},
      {{"config", "check", "--config", "f"}, Command::config_check},
  };
  for (const auto& [words, command] : rows) {
    const auto parsed = parse(words);
    EXPECT_FALSE(parsed.exit) << words.front();
    EXPECT_EQ(parsed.options.command, command) << words.front();
  }
}

TEST(Arguments, AMistakeIsNamedWithTheNearest) {
  EXPECT_THAT(complaint({"bakcup", "a", "b"}), HasSubstr("no command \"bakcup\"; did you mean backup?"));
  EXPECT_THAT(complaint({"backup", "a", "b", "--foldr", "x"}), HasSubstr("did you mean --folder?"));
  EXPECT_THAT(complaint({"backup", "a", "--exlude", "x"}), HasSubstr("did you mean --exclude?"));
  EXPECT_THAT(complaint({"show", "a", "--jsn"}), HasSubstr("did you mean --json?"));
  EXPECT_THAT(complaint({"backup", "a"}), HasSubstr("FROM... ARCHIVE"));
  EXPECT_THAT(complaint({"show", "a"}), HasSubstr("ID"));
  EXPECT_THAT(complaint({"export", "a", "b", "--format", "mbox"}), HasSubstr("format"));
  EXPECT_THAT(complaint({"backup", "a", "b", "--connections", "0"}), HasSubstr("connections"));
  EXPECT_THAT(complaint({"import", "a", "b"}), HasSubstr("no command \"import\""));
  complaint({});
}

TEST(Arguments, HelpNamesTheExitCodes) {
  for (const auto* command :
       {"init", "backup", "snapshots", "ls", "show", "diff", "export", "check", "run", "accounts", "migrate", "restore", "compare"}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(parse({command, "--help"}).exit, 0) << command;
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Exit status: 0")) << command;
  }
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--version"}).exit, 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), testing::StartsWith("postferry "));
}

}  // namespace
}  // namespace postferry::cli
