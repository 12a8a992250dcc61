#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/folder_path.h>
#include <postferry/mail/spool.h>

#include "imap_destination.h"
#include "imap_destination_folder.h"
#include "imap_pool.h"
#include "support/error_words.h"
#include "support/manual_clock.h"
#include "support/scripted_stream.h"

// Plays every *.append file of this folder to a destination folder, whole and cut into pieces at random:
// begin(), then one batch. What comes of it must be the file's "expect:" lines, all of them, in their order:
//
//   read-only, takes KEYWORD, takes no KEYWORD      after begin(); the latter with "ask: KEYWORD"
//   appended N [as UID]        the N-th message; UID if the server said it
//   keywords N: A B            it went without these
//   put off N                  not stored, for a reason that is the error
//   seen UID BYTES             with "mark: UID", from which on the folder is looked at along the way
//   refused N CAUSE: WHAT
//   error CAUSE BLAST RETRY [SECONDS]: WHAT   the end of it
//   in doubt N N               what take_back() returned then
//   limit N, quota N, forbidden CHARACTERS, made NAME, not subscribed: WHY      with "traits: on" and "ensure: PATH" instead of a
//   batch done
//
// Settings: message: TEXT (the next message), flags: \Seen $Forwarded, date: SECONDS ZONE-MINUTES and fill:
// BYTES (so many x and CRLF behind its text) belong to the message before; folder: WIRE NAME; pipeline: N. With "ensure:",
// several of them if need be, expected: PATH names those of which it is told before that they will be asked for.
namespace postferry::endpoints {
namespace {

using test::Dialogue;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

mail::Flags flags_of(const std::string& text) {
  mail::Flags flags;
  for (const auto& word : words(text)) {
    if (word == "\\Seen") {
      flags.seen = true;
    } else if (word == "\\Flagged") {
      flags.flagged = true;
    } else if (word == "\\Deleted") {
      flags.deleted = true;
    } else {
      flags.keywords.insert(word);
    }
  }
  return flags;
}

std::vector<mail::Outgoing> batch_of(const Dialogue& dialogue) {
  std::vector<mail::Outgoing> batch;
  std::vector<std::string> texts;
  for (const auto& [name, value] : dialogue.settings) {
    if (name == "message") {
      texts.push_back(test::unescape(value));
      batch.emplace_back().ticket = texts.size();
      batch.back().date = mail::Received{std::chrono::sys_seconds(std::chrono::seconds(1551769200)), {}};
    } else if (name == "flags") {
      batch.back().flags = flags_of(value);
    } else if (name == "date") {
      const auto parts = words(value);
      batch.back().date =
          mail::Received{std::chrono::sys_seconds(std::chrono::seconds(std::stoll(parts.at(0)))),
                         std::chrono::minutes(std::stoi(parts.at(1)))};
    } else if (name == "fill") {
      texts.back() += std::string(std::stoul(value), 'x') + "\r\n";
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].message.digests = mail::digests_of(as_bytes(texts[i]));
    batch[i].message.body = mail::memory_body(texts[i]);
  }
  return batch;
}

// Writes down all that comes of it.
class Secretary final : public mail::Answers {
 public:
  void appended(mail::Outgoing one, std::optional<std::uint32_t> number) override {
    lines.push_back(fmt::format("appended {}{}", one.ticket, number ? fmt::format(" as {}", *number) : ""));
  }
  void refused(mail::Outgoing one, const Error& why) override {
    lines.push_back(fmt::format("refused {} {}: {}", one.ticket, test::cause_word(why), why.what()));
  }
  void keywords_refused(const mail::Outgoing& one, const std::set<std::string>& keywords) override {
    auto line = fmt::format("keywords {}:", one.ticket);
    for (const auto& keyword : keywords) line += " " + keyword;
    lines.push_back(line);
  }
  void put_off(mail::Outgoing one) override { lines.push_back(fmt::format("put off {}", one.ticket)); }
  void seen(const mail::Found& found) override {
    lines.push_back(fmt::format("seen {} {}", found.number, found.size));
  }
  void error(const Error& error) {
    lines.push_back(fmt::format("error {}: {}", test::kind_words(error), error.what()));
  }

  std::vector<std::string> lines;
};

config::Account account_of(const Dialogue& dialogue) {
  config::Account account;
  account.host = "imap.example.org";
  account.port = 993;
  account.user = "bob";
  account.connections = 1;
  if (const auto window = dialogue.one("pipeline"))
    account.pipeline = static_cast<unsigned>(std::stoul(*window));
  return account;
}

void append_batch(ImapPool& pool, const Dialogue& dialogue, Secretary& secretary) {
  const auto name = test::unescape(dialogue.one("folder").value_or("INBOX"));
  RefusedKeywords refused;
  const auto folder = imap_destination_folder(pool, refused, name, "imap.example.org " + name, mail::Opening::afresh, {});
  try {
    folder->begin();
    if (folder->read_only()) secretary.lines.emplace_back("read-only");
    for (const auto& keyword : dialogue.all("ask"))
      secretary.lines.push_back((folder->takes_keyword(keyword) ? "takes " : "takes no ") + keyword);
    const auto mark = std::stoul(dialogue.one("mark").value_or("0"));
    folder->append(batch_of(dialogue), static_cast<std::uint32_t>(mark), secretary);
    folder->drain(secretary);
    secretary.lines.emplace_back("done");
  } catch (const Error& error) {
    secretary.error(error);
    std::string doubt;
    for (const auto& one : folder->take_back()) doubt += fmt::format(" {}", one.ticket);
    if (!doubt.empty()) secretary.lines.push_back("in doubt" + doubt);
  }
}

void ask_account(mail::Destination& destination, const Dialogue& dialogue, Secretary& secretary) {
  try {
    if (dialogue.one("traits")) {
      const auto traits = destination.traits({});
      if (traits.append_limit) secretary.lines.push_back(fmt::format("limit {}", *traits.append_limit));
      if (traits.quota_left) secretary.lines.push_back(fmt::format("quota {}", *traits.quota_left));
      if (!traits.forbidden.empty()) secretary.lines.push_back("forbidden " + traits.forbidden);
    }
    for (const auto& path : dialogue.all("expected")) destination.expect(mail::split_path(test::unescape(path)), true);
    for (const auto& path : dialogue.all("ensure")) {
      const auto made = destination.ensure(mail::split_path(test::unescape(path)), true, {});
      secretary.lines.push_back("made " + destination.wire_name(made.path));
      if (!made.not_subscribed.empty()) secretary.lines.push_back("not subscribed: " + made.not_subscribed);
    }
    secretary.lines.emplace_back("done");
  } catch (const Error& error) {
    secretary.error(error);
  }
}

class AppendDialogue : public testing::TestWithParam<test::DialogueFile> {};

TEST_P(AppendDialogue, GoesAsWritten) {
  const auto dialogue = test::read_dialogue(GetParam().path);
  for (test::Chunks chunks = 0; chunks < 12; ++chunks) {
    test::ScriptedDialer dialer(dialogue.connections, chunks);
    test::ManualClock clock;
    ByteBudget budget(16u << 20);
    Secretary secretary;
    const Secret secret{[] { return std::string("secret"); }};
    const Tools tools{.dialer = dialer,
                      .budget = budget,
                      .clock = clock,
                      .work_folder = std::filesystem::temp_directory_path(),
                      .timeouts = {}};
    if (dialogue.one("traits") || dialogue.one("ensure")) {
      const auto destination = imap_destination(account_of(dialogue), secret, tools);
      ask_account(*destination, dialogue, secretary);
    } else {
      ImapPool pool(account_of(dialogue), secret, tools, 1);
      append_batch(pool, dialogue, secretary);
    }
    std::vector<std::string> expected = dialogue.all("expect");
    for (auto& line : expected) line = test::unescape(line);
    bool same = expected.size() == secretary.lines.size();
    for (std::size_t i = 0; same && i < expected.size(); ++i)
      same = test::matches(expected[i], secretary.lines[i]);
    EXPECT_TRUE(same) << "cut by seed " << chunks << ":\n" << testing::PrintToString(secretary.lines);
    EXPECT_EQ(dialer.problems(), "") << "cut by seed " << chunks;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, AppendDialogue, testing::ValuesIn(test::dialogue_files(POSTFERRY_SOURCE_DIR "/tests/dialogue/append", ".append")),
                         [](const testing::TestParamInfo<test::DialogueFile>& file) { return file.param.name; });

}  // namespace
}  // namespace postferry::endpoints
