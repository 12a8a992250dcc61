#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/codec/base64.h>
#include <postferry/mail/digester.h>
#include <postferry/net/transcript.h>

#include "pop3_source.h"
#include "support/error_words.h"
#include "support/manual_clock.h"
#include "support/scripted_stream.h"

// Plays every *.pop3 file of this folder to the POP3 source, whole and cut into pieces at random. What the
// source tells must be the file's "expect:" lines, all of them, in their order:
//
//   listed N                   Arrivals::listed
//   header UIDL                the chooser is asked by the header
//   body UIDL: TEXT            a message has arrived, with these bytes
//   failed UIDL (SUBJECT): WHY, vanished UIDL, note: TEXT
//   again: WHAT                an error after which a run would call scan() again; so it is
//   error CAUSE BLAST RETRY [SECONDS]: WHAT   the end of it
//   done                       scan() has returned
//
// Settings: tls: on (default), starttls, off; auth: xoauth2; pipeline: N; host: NAME; leave: UIDL ...;
// compare: UIDL ... (by header), held: UIDL ... (what the header proves).
namespace postferry::endpoints {
namespace {

using test::Dialogue;

std::set<std::string> words(const Dialogue& dialogue, std::string_view setting) {
  std::set<std::string> out;
  for (const auto& value : dialogue.all(setting)) {
    for (std::size_t at = 0; at < value.size();) {
      const auto end = std::min(value.find(' ', at), value.size());
      out.insert(value.substr(at, end - at));
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
      : leave_(words(dialogue, "leave")),
        compare_(words(dialogue, "compare")),
        held_(words(dialogue, "held")) {}

  bool wants_all() const override { return leave_.empty() && compare_.empty(); }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.clear();
    for (const auto& meta : page) {
      const auto& uidl = meta.ref.uidl;
      out.push_back(leave_.contains(uidl)     ? mail::Choice::leave
                    : compare_.contains(uidl) ? mail::Choice::compare_header
                                              : mail::Choice::fetch);
    }
  }
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId&,
                      const std::optional<mail::MatchKey>&) override {
    lines.push_back("header " + meta.ref.uidl);
    return held_.contains(meta.ref.uidl);
  }
  void listed(std::uint64_t count) override { lines.push_back(fmt::format("listed {}", count)); }
  void arrived(mail::Message message) override {
    const auto text = text_of(*message.body);
    EXPECT_EQ(message.digests.content, mail::digests_of(as_bytes(text)).content);
    EXPECT_EQ(message.meta.ref.epoch, "pop3");
    EXPECT_TRUE(numbers_.insert(message.meta.ref.number).second) << "two messages have one number";
    // (a file's lines are trimmed: an empty body has no blank behind the colon)
    lines.push_back(fmt::format("body {}:{}{}", message.meta.ref.uidl, text.empty() ? "" : " ", text));
  }
  void unavailable(const mail::Meta& meta, const mail::Headline& headline, mail::Outcome outcome,
                   const Error* why) override {
    if (outcome == mail::Outcome::vanished) return lines.push_back("vanished " + meta.ref.uidl);
    ASSERT_NE(why, nullptr);
    lines.push_back(fmt::format("failed {} ({}): {}", meta.ref.uidl, headline.subject, why->what()));
  }
  void span_done(mail::Span) override { lines.push_back("done"); }
  void note(const std::string& text) override { lines.push_back("note: " + text); }

  std::vector<std::string> lines;

 private:
  const std::set<std::string> leave_, compare_, held_;
  std::set<std::uint32_t> numbers_;
};

config::Account account_of(const Dialogue& dialogue) {
  config::Account account;
  account.protocol = config::Protocol::pop3;
  account.host = dialogue.one("host").value_or("pop.example.org");
  account.port = 995;
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
void read_all(mail::MailSource& source, Secretary& secretary) {
  mail::Folder inbox;
  inbox.wire_name = "INBOX";
  const auto reader = source.open(inbox, {});
  bool begun = false;
  for (;;) {
    try {
      if (!begun) reader->begin();
      begun = true;
      return reader->scan({}, secretary, secretary);
    } catch (const Error& error) {
      const bool helps =
          (error.blast == Blast::session && error.retry != Retry::never) || error.retry == Retry::later;
      if (!helps || secretary.lines.size() > 50) {
        return secretary.lines.push_back(fmt::format("error {}: {}", test::kind_words(error), error.what()));
      }
      secretary.lines.push_back(fmt::format("again: {}", error.what()));
    }
  }
}

class Pop3Dialogue : public testing::TestWithParam<test::DialogueFile> {};

TEST_P(Pop3Dialogue, GoesAsWritten) {
  const auto dialogue = test::read_dialogue(GetParam().path);
  const auto password = dialogue.one("password").value_or("secret");
  for (test::Chunks chunks = 0; chunks < 12; ++chunks) {
    test::ScriptedDialer dialer(dialogue.connections, chunks);
    test::ManualClock clock;
    ByteBudget budget(16u << 20);
    Secretary secretary(dialogue);
    Trace trace;
    {
      const auto source = pop3_source(account_of(dialogue), {[&] { return password; }},
                                      {.dialer = dialer,
                                       .budget = budget,
                                       .clock = clock,
                                       .work_folder = std::filesystem::temp_directory_path(),
                                       .timeouts = {},
                                       .transcript = &trace});
      read_all(*source, secretary);
    }
    std::vector<std::string> expected = dialogue.all("expect");
    for (auto& line : expected) line = test::unescape(line);
    bool same = expected.size() == secretary.lines.size();
    for (std::size_t i = 0; same && i < expected.size(); ++i)
      same = test::matches(expected[i], secretary.lines[i]);
    EXPECT_TRUE(same) << "cut by seed " << chunks << ":\n" << testing::PrintToString(secretary.lines);
    EXPECT_EQ(dialer.problems(), "") << "cut by seed " << chunks;
    // "<secret>" stands for it
    for (const auto& secret : {"\"" + password, password + "\"", "PASS " + password, codec::base64(as_bytes(password))})
      EXPECT_EQ(trace.text.find(secret), std::string::npos) << trace.text;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Pop3Dialogue, testing::ValuesIn(test::dialogue_files(POSTFERRY_SOURCE_DIR "/tests/dialogue/pop3", ".pop3")),
                         [](const testing::TestParamInfo<test::DialogueFile>& one) { return one.param.name; });

}  // namespace
}  // namespace postferry::endpoints
