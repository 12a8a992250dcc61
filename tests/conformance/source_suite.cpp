#include "conformance/source_suite.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <postferry/base/bytes.h>
#include <postferry/mail/digester.h>

#include "support/memory_mail.h"

namespace postferry::conformance {
namespace {

// Notes all that a reader tells, and holds it to its contract.
class Listener final : public mail::Chooser, public mail::Arrivals {
 public:
  using Rule = std::function<mail::Choice(const mail::Meta&)>;
  explicit Listener(Rule rule = {}) : rule_(std::move(rule)) {}

  bool wants_all() const override { return !rule_; }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.clear();
    for (const auto& meta : page) {
      EXPECT_TRUE(chosen.empty() || chosen.back().ref.number < meta.ref.number)
          << "pages are in ascending order";
      chosen.push_back(meta);
      out.push_back(rule_(meta));
      if (out.back() == mail::Choice::leave) ++answers;
    }
  }
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId& header,
                      const std::optional<mail::MatchKey>& key) override {
    headers[meta.ref.number] = header;
    keys[meta.ref.number] = key;
    if (!held) return false;
    ++answers;
    return true;
  }
  void listed(std::uint64_t count) override { all_listed += count; }
  void arrived(mail::Message message) override {
    ++answers;
    texts.push_back(test::text_of(*message.body));
    EXPECT_EQ(message.digests.content, mail::digests_of(as_bytes(texts.back())).content);
    EXPECT_TRUE(numbers.insert(message.meta.ref.number).second)
        << "arrived twice: " << message.meta.ref.number;
    metas.push_back(message.meta);
    if (on_arrival) on_arrival();
  }
  void unavailable(const mail::Meta&, const mail::Headline&, mail::Outcome outcome,
                   const Error* why) override {
    ++answers;
    EXPECT_EQ(outcome == mail::Outcome::failed, why != nullptr);
  }
  void span_done(mail::Span span) override { spans.push_back(span); }
  void note(const std::string&) override {}

  std::vector<mail::Meta> chosen, metas;
  std::vector<std::string> texts;
  std::set<std::uint32_t> numbers;
  std::map<std::uint32_t, mail::HeaderId> headers;
  std::map<std::uint32_t, std::optional<mail::MatchKey>> keys;
  std::vector<mail::Span> spans;
  std::uint64_t all_listed = 0, answers = 0;
  bool held = false;
  std::function<void()> on_arrival;

 private:
  Rule rule_;  // none: all is wanted
};

Mailbox inbox_of(unsigned count) {
  Mailbox mailbox{{"INBOX", {}}};
  for (unsigned i = 1; i <= count; ++i) {
    mail::Flags flags;
    flags.seen = i % 2 == 0;
    flags.flagged = i % 3 == 0;
    mailbox[0].second.push_back(
        {test::mail_text("m" + std::to_string(i), std::string(i * 7 % 90, 'x')), flags});
  }
  return mailbox;
}

std::vector<std::string> texts_of(const Mailbox& mailbox) {
  std::vector<std::string> all;
  for (const auto& one : mailbox[0].second) all.push_back(one.text);
  return all;
}

class Opened {
 public:
  Opened(const SourceKind& kind, const Mailbox& mailbox) : source_(kind.fill(mailbox, budget_)) {}
  mail::MailSource& source() { return *source_; }
  mail::Folder folder(const std::string& name) {
    for (auto& one : source_->folders({})) {
      if (one.wire_name == name) return one;
    }
    ADD_FAILURE() << "no folder " << name;
    return {};
  }
  std::unique_ptr<mail::FolderReader> inbox(std::stop_token stop = {}) {
    return source_->open(folder("INBOX"), stop);
  }

 private:
  ByteBudget budget_{16u << 20};
  std::unique_ptr<mail::MailSource> source_;
};

void expect_well_ended(const Listener& heard, mail::Span span) {
  EXPECT_EQ(heard.all_listed, heard.answers) << "each listed message has one outcome";
  EXPECT_EQ(heard.spans, std::vector<mail::Span>{span});
}

TEST_P(SourceSuite, StreamsEverythingToOneWhoWantsAll) {
  const auto mailbox = inbox_of(25);
  Opened opened(GetParam(), mailbox);
  const auto reader = opened.inbox();
  const auto state = reader->begin();
  EXPECT_EQ(state.exists, 25u);
  EXPECT_FALSE(state.epoch.empty());
  Listener heard;
  reader->scan({}, heard, heard);
  EXPECT_EQ(heard.texts, texts_of(mailbox));
  for (const auto& meta : heard.metas) EXPECT_EQ(meta.ref.epoch, state.epoch);
  expect_well_ended(heard, {});
}

TEST_P(SourceSuite, FetchesOnlyWhatIsChosen) {
  const auto mailbox = inbox_of(25);
  Opened opened(GetParam(), mailbox);
  const auto reader = opened.inbox();
  reader->begin();
  Listener heard([](const mail::Meta& meta) {
    return meta.ref.number % 5 == 0 ? mail::Choice::fetch : mail::Choice::leave;
  });
  reader->scan({}, heard, heard);
  EXPECT_EQ(heard.chosen.size(), 25u);
  EXPECT_EQ(heard.numbers, (std::set<std::uint32_t>{5, 10, 15, 20, 25}));
  expect_well_ended(heard, {});
}

TEST_P(SourceSuite, AsksByHeaderAndFetchesWhatThatDoesNotProve) {
  const auto mailbox = inbox_of(6);
  for (const bool held : {true, false}) {
    Opened opened(GetParam(), mailbox);
    const auto reader = opened.inbox();
    reader->begin();
    Listener heard([](const mail::Meta&) { return mail::Choice::compare_header; });
    heard.held = held;
    reader->scan({}, heard, heard);
    EXPECT_EQ(heard.texts.size(), held ? 0u : 6u);
    ASSERT_EQ(heard.headers.size(), 6u);
    std::uint32_t number = 0;
    for (const auto& text : texts_of(mailbox)) {
      const auto digests = mail::digests_of(as_bytes(text));
      EXPECT_EQ(heard.headers[++number], digests.header)
          << "a header fetched alone is that of the whole message";
      EXPECT_EQ(heard.keys[number], digests.match);
    }
    expect_well_ended(heard, {});
  }
}

TEST_P(SourceSuite, TellsFlags) {
  if (!GetParam().has_folders) GTEST_SKIP() << "no flags there";
  const auto mailbox = inbox_of(7);
  Opened opened(GetParam(), mailbox);
  const auto reader = opened.inbox();
  reader->begin();
  Listener heard;
  reader->scan({}, heard, heard);
  ASSERT_EQ(heard.metas.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(heard.metas[i].flags, mailbox[0].second[i].flags) << i;
}

TEST_P(SourceSuite, ReadsAnEmptyFolder) {
  Opened opened(GetParam(), inbox_of(0));
  const auto reader = opened.inbox();
  EXPECT_EQ(reader->begin().exists, 0u);
  Listener heard;
  reader->scan({}, heard, heard);
  expect_well_ended(heard, {});
}

TEST_P(SourceSuite, CutsAFolderIntoSpansThatTogetherAreAllOfIt) {
  const auto mailbox = inbox_of(40);
  Opened opened(GetParam(), mailbox);
  const auto spans = opened.source().cut(opened.folder("INBOX"), 3, {});
  ASSERT_FALSE(spans.empty());
  EXPECT_LE(spans.size(), 3u);
  EXPECT_EQ(spans.front().first, 1u);
  EXPECT_EQ(spans.back().last, mail::Span{}.last);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) {
      EXPECT_EQ(spans[i].first, spans[i - 1].last + 1);
    }
    const auto reader = opened.inbox();
    reader->begin();
    Listener heard;
    reader->scan(spans[i], heard, heard);
    expect_well_ended(heard, spans[i]);
    texts.insert(texts.end(), heard.texts.begin(), heard.texts.end());
  }
  EXPECT_EQ(texts, texts_of(mailbox));
}

TEST_P(SourceSuite, LeavesTheMailboxAsItWas) {
  Opened opened(GetParam(), inbox_of(5));
  std::vector<mail::Flags> seen[2];
  for (auto& flags : seen) {
    const auto reader = opened.inbox();
    reader->begin();
    Listener heard;
    reader->scan({}, heard, heard);
    for (const auto& meta : heard.metas) flags.push_back(meta.flags);
  }
  EXPECT_EQ(seen[0], seen[1]) << "reading must not set \\Seen";
}

TEST_P(SourceSuite, EndsWhenStopped) {
  Opened opened(GetParam(), inbox_of(40));
  std::stop_source stop;
  const auto reader = opened.inbox(stop.get_token());
  reader->begin();
  Listener heard([](const mail::Meta&) { return mail::Choice::fetch; });
  heard.on_arrival = [&] {
    if (heard.texts.size() == 3) throw Cancelled();
  };
  EXPECT_THROW(reader->scan({}, heard, heard), Cancelled);
  stop.request_stop();
  EXPECT_THROW(reader->scan({}, heard, heard), Cancelled);
  EXPECT_TRUE(heard.spans.empty());
}

TEST_P(SourceSuite, ReadsFoldersSideBySide) {
  if (!GetParam().has_folders) GTEST_SKIP() << "one folder only";
  Mailbox mailbox = inbox_of(5);
  mailbox.push_back({"Sent", {{test::mail_text("s1"), {}}}});
  Opened opened(GetParam(), mailbox);
  if (opened.source().traits().max_sessions < 2) GTEST_SKIP() << "one session only";
  const auto inbox = opened.inbox();
  const auto sent = opened.source().open(opened.folder("Sent"), {});
  EXPECT_EQ(inbox->begin().exists, 5u);
  EXPECT_EQ(sent->begin().exists, 1u);
  Listener from_sent, from_inbox;
  sent->scan({}, from_sent, from_sent);
  inbox->scan({}, from_inbox, from_inbox);
  EXPECT_EQ(from_sent.texts.size(), 1u);
  EXPECT_EQ(from_inbox.texts.size(), 5u);
}

}  // namespace
}  // namespace postferry::conformance
