#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/mail/digester.h>
#include <postferry/net/transcript.h>

#include "imap_source.h"
#include "support/error_words.h"
#include "support/manual_clock.h"
#include "support/scripted_stream.h"

// Plays every *.imap file of this folder to the IMAP source, whole and cut into pieces at random. What the
// source tells must be the file's "expect:" lines, all of them, in their order:
//
//   folder NAME = PATH [ROLE] [subscribed] [noselect] [token TOKEN]     with "folders: on"
//   listed N                   Arrivals::listed
//   header UID                 the chooser is asked by the header
//   body UID: TEXT             a message has arrived, with these bytes
//   meta UID FLAGS size N date SECONDS id ID labels A,B   behind it, with "meta: on"
//   failed UID (SUBJECT): WHY, vanished UID, note: TEXT
//   again CAUSE BLAST RETRY [SECONDS]: WHAT   an error after which a run would call scan() again; so it is
//   error CAUSE BLAST RETRY [SECONDS]: WHAT   the end of it
//   advice: TEXT               behind either, if it has some
//   done                       scan() has returned
//
// Settings: tls: on (default), starttls, off; auth: xoauth2; auth_user: NAME; pipeline: N; folder: WIRE NAME;
// choose: on (list before fetching); leave: UID ...; compare: UID ... (by header), held: UID ... (what the
// header proves); tries: N (calls of begin() and scan() in all, 6).
namespace postferry::endpoints {
namespace {

using test::Dialogue;

std::set<std::uint32_t> uids(const Dialogue& dialogue, std::string_view setting) {
  std::set<std::uint32_t> out;
  for (const auto& value : dialogue.all(setting)) {
    for (std::size_t at = 0; at < value.size();) {
      const auto end = std::min(value.find(' ', at), value.size());
      out.insert(static_cast<std::uint32_t>(std::stoul(value.substr(at, end - at))));
      at = end + 1;
    }
  }
  return out;
}

std::string text_of(const mail::Body& body) {
  std::string text(body.size(), '\0');
  const auto from = body.open();
  for (std::size_t at = 0; at < text.size();) {
    const auto got = from->read(std::as_writable_bytes(std::span(text).subspan(at)));
    if (got == 0) throw std::runtime_error("a body is shorter than it says");
    at += got;
  }
  return text;
}

std::string described(const mail::Meta& meta) {
  std::string out;
  const auto& flags = meta.flags;
  for (const auto& [is, name] : {std::pair(flags.seen, "seen"), std::pair(flags.answered, "answered"),
                                 std::pair(flags.flagged, "flagged"), std::pair(flags.deleted, "deleted"),
                                 std::pair(flags.draft, "draft")}) {
    if (is) out += fmt::format(" {}", name);
  }
  for (const auto& keyword : flags.keywords) out += " " + keyword;
  if (meta.size) out += fmt::format(" size {}", *meta.size);
  if (meta.received) out += fmt::format(" date {}", meta.received->at.time_since_epoch().count());
  if (!meta.global_id.empty()) out += " id " + meta.global_id;
  for (std::size_t i = 0; i < meta.labels.size(); ++i) out += (i == 0 ? " labels " : ",") + meta.labels[i];
  return out;
}

// All that a transcript would show.
class Trace final : public net::Transcript {
 public:
  void note(const std::string&, net::Direction, Bytes bytes) override { text += as_text(bytes); }
  std::string text;
};

// Writes down all that the source tells.
class Secretary final : public mail::Chooser, public mail::Arrivals {
 public:
  explicit Secretary(const Dialogue& dialogue)
      : choose_(dialogue.one("choose") == "on"),
        meta_(dialogue.one("meta") == "on"),
        leave_(uids(dialogue, "leave")),
        compare_(uids(dialogue, "compare")),
        held_(uids(dialogue, "held")) {}

  bool wants_all() const override { return !choose_ && leave_.empty() && compare_.empty(); }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.clear();
    for (const auto& meta : page) {
      const auto uid = meta.ref.number;
      out.push_back(leave_.contains(uid)     ? mail::Choice::leave
                    : compare_.contains(uid) ? mail::Choice::compare_header
                                             : mail::Choice::fetch);
    }
  }
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId&,
                      const std::optional<mail::MatchKey>&) override {
    lines.push_back(fmt::format("header {}", meta.ref.number));
    return held_.contains(meta.ref.number);
  }
  void listed(std::uint64_t count) override { lines.push_back(fmt::format("listed {}", count)); }
  void arrived(mail::Message message) override {
    const auto text = text_of(*message.body);
    const auto uid = message.meta.ref.number;
    EXPECT_EQ(message.digests.content, mail::digests_of(as_bytes(text)).content);
    EXPECT_TRUE(arrived_.insert(uid).second) << uid << " arrives a second time";
    // (a file's lines are trimmed: an empty body has no blank behind the colon)
    lines.push_back(fmt::format("body {}:{}{}", uid, text.empty() ? "" : " ", text));
    if (meta_) lines.push_back(fmt::format("meta {}{}", uid, described(message.meta)));
  }
  void unavailable(const mail::Meta& meta, const mail::Headline& headline, mail::Outcome outcome,
                   const Error* why) override {
    if (outcome == mail::Outcome::vanished) {
      lines.push_back(fmt::format("vanished {}", meta.ref.number));
      return;
    }
    ASSERT_NE(why, nullptr);
    lines.push_back(fmt::format("failed {} ({}): {}", meta.ref.number, headline.subject, why->what()));
  }
  void span_done(mail::Span) override { lines.emplace_back("done"); }
  void note(const std::string& text) override { lines.push_back("note: " + text); }
  void error(const char* word, const Error& error) {
    lines.push_back(fmt::format("{} {}: {}", word, test::kind_words(error), error.what()));
    if (!error.advice.empty()) lines.push_back("advice: " + error.advice);
  }

  std::vector<std::string> lines;

 private:
  const bool choose_, meta_;
  const std::set<std::uint32_t> leave_, compare_, held_;
  std::set<std::uint32_t> arrived_;
};

config::Account account_of(const Dialogue& dialogue) {
  config::Account account;
  account.protocol = config::Protocol::imap;
  account.host = dialogue.one("host").value_or("imap.example.org");
  account.port = 993;
  account.user = dialogue.one("user").value_or("bob");
  account.auth_user = dialogue.one("auth_user").value_or("");
  const auto tls = dialogue.one("tls").value_or("on");
  account.security = tls == "on"         ? config::Security::tls
                     : tls == "starttls" ? config::Security::starttls
                                         : config::Security::none;
  if (dialogue.one("auth") == "xoauth2") account.auth = config::Auth::xoauth2;
  if (const auto window = dialogue.one("pipeline"))
    account.pipeline = static_cast<unsigned>(std::stoul(*window));
  return account;
}

// As a lane does it: begin() until it works, then scan() again as long as an error says that this helps.
void read_all(mail::MailSource& source, Secretary& secretary, const Dialogue& dialogue) {
  mail::Folder folder;
  folder.wire_name = test::unescape(dialogue.one("folder").value_or("INBOX"));
  folder.path = {folder.wire_name};
  auto tries = std::stoul(dialogue.one("tries").value_or("6"));
  const auto reader = source.open(folder, {});
  bool begun = false;
  for (;;) {
    try {
      if (!begun) reader->begin();
      begun = true;
      return reader->scan({}, secretary, secretary);
    } catch (const Error& error) {
      const bool helps =
          (error.blast == Blast::session && error.retry != Retry::never) || error.retry == Retry::later;
      if (!helps || --tries == 0) return secretary.error("error", error);
      secretary.error("again", error);
    }
  }
}

void tell_folders(mail::MailSource& source, Secretary& secretary) {
  static constexpr std::array roles{"",      " inbox",   " sent",    " drafts", " trash",
                                    " junk", " archive", " flagged", " all"};
  try {
    for (const auto& folder : source.folders({})) {
      std::string path;
      for (const auto& word : folder.path) path += (path.empty() ? "" : " > ") + word;
      secretary.lines.push_back(fmt::format(
          "folder {} = {}{}{}{}{}", folder.wire_name, path, roles.at(static_cast<std::size_t>(folder.role)),
          folder.subscribed ? " subscribed" : "", folder.selectable ? "" : " noselect",
          folder.token.empty() ? "" : " token " + folder.token));
    }
  } catch (const Error& error) {
    secretary.error("error", error);
  }
}

class ImapDialogue : public testing::TestWithParam<test::DialogueFile> {};

TEST_P(ImapDialogue, GoesAsWritten) {
  const auto dialogue = test::read_dialogue(GetParam().path);
  const auto password = test::unescape(dialogue.one("password").value_or("secret"));
  for (test::Chunks chunks = 0; chunks < 12; ++chunks) {
    test::ScriptedDialer dialer(dialogue.connections, chunks);
    test::ManualClock clock;
    ByteBudget budget(16u << 20);
    Secretary secretary(dialogue);
    Trace trace;
    {
      const auto source = imap_source(account_of(dialogue), {[&] { return password; }},
                                      {.dialer = dialer,
                                       .budget = budget,
                                       .clock = clock,
                                       .work_folder = std::filesystem::temp_directory_path(),
                                       .timeouts = {},
                                       .transcript = &trace});
      if (dialogue.one("folders") == "on") {
        tell_folders(*source, secretary);
      } else {
        read_all(*source, secretary, dialogue);
      }
    }
    std::vector<std::string> expected = dialogue.all("expect");
    for (auto& line : expected) line = test::unescape(line);
    bool same = expected.size() == secretary.lines.size();
    for (std::size_t i = 0; same && i < expected.size(); ++i)
      same = test::matches(expected[i], secretary.lines[i]);
    EXPECT_TRUE(same) << "cut by seed " << chunks << ":\n" << testing::PrintToString(secretary.lines);
    EXPECT_EQ(dialer.problems(), "") << "cut by seed " << chunks;
    // "<secret>" stands for it
    for (const auto& secret : {"\"" + password, password + "\"", "PASS " + password})
      EXPECT_EQ(trace.text.find(secret), std::string::npos) << trace.text;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, ImapDialogue, testing::ValuesIn(test::dialogue_files(POSTFERRY_SOURCE_DIR "/tests/dialogue/imap", ".imap")),
                         [](const testing::TestParamInfo<test::DialogueFile>& one) { return one.param.name; });

}  // namespace
}  // namespace postferry::endpoints
