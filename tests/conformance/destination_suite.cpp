#include "conformance/destination_suite.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "support/memory_mail.h"

namespace postferry::conformance {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

mail::Outgoing outgoing(std::uint64_t ticket, const std::string& text, mail::Flags flags = {}) {
  mail::Outgoing out;
  out.ticket = ticket;
  out.message.digests = mail::digests_of(as_bytes(text));
  out.message.body = mail::memory_body(text);
  out.flags = std::move(flags);
  out.date = mail::Received{sys_days(year(2019) / 3 / 5) + std::chrono::hours(7), std::chrono::minutes(60)};
  return out;
}

std::vector<mail::Outgoing> batch_of(const std::vector<std::string>& texts) {
  std::vector<mail::Outgoing> batch;
  for (const auto& text : texts) batch.push_back(outgoing(batch.size(), text));
  return batch;
}

std::vector<std::string> numbered(unsigned count) {
  std::vector<std::string> texts;
  for (unsigned i = 1; i <= count; ++i) texts.push_back(test::mail_text("m" + std::to_string(i), "body\r\n"));
  return texts;
}

// Notes the answers and holds them to the contract: one each.
class Heard final : public mail::Answers {
 public:
  void appended(mail::Outgoing one, std::optional<std::uint32_t> number) override {
    EXPECT_TRUE(tickets.insert(one.ticket).second) << "answered twice: " << one.ticket;
    if (number) numbers[one.ticket] = *number;
  }
  void refused(mail::Outgoing one, const Error& why) override {
    EXPECT_TRUE(tickets.insert(one.ticket).second) << "answered twice: " << one.ticket;
    refusals[one.ticket] = why.what();
  }
  void keywords_refused(const mail::Outgoing& one, const std::set<std::string>&) override {
    EXPECT_FALSE(tickets.contains(one.ticket)) << "said after its answer";
  }
  void put_off(mail::Outgoing one) override { ADD_FAILURE() << "put off: " << one.ticket; }
  void seen(const mail::Found& found) override { seen_sizes[found.number] = found.size; }

  std::set<std::uint64_t> tickets;
  std::map<std::uint64_t, std::uint32_t> numbers;
  std::map<std::uint64_t, std::string> refusals;
  std::map<std::uint32_t, std::uint64_t> seen_sizes;  // by number
};

// Everything of a folder, read back.
class ReadBack final : public mail::Chooser, public mail::Arrivals {
 public:
  struct Row {
    std::string text;
    mail::Meta meta;
  };
  bool wants_all() const override { return true; }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.assign(page.size(), mail::Choice::fetch);
  }
  bool held_by_header(const mail::Meta&, const mail::HeaderId&,
                      const std::optional<mail::MatchKey>&) override {
    return false;
  }
  void listed(std::uint64_t) override {}
  void arrived(mail::Message message) override { rows.push_back({test::text_of(*message.body), message.meta}); }
  void unavailable(const mail::Meta&, const mail::Headline&, mail::Outcome, const Error* why) override {
    ADD_FAILURE() << (why != nullptr ? why->what() : "vanished");
  }
  void span_done(mail::Span) override {}
  void note(const std::string&) override {}
  std::vector<Row> rows;
};

class Opened {
 public:
  explicit Opened(const DestinationKind& kind, mail::FolderPath path = {"Archive"})
      : account_(kind.make()), path_(std::move(path)) {
    there().ensure(path_, true, {});
    folder_ = there().open(path_, mail::Opening::afresh, {});
    state_ = folder_->begin();
  }

  mail::Destination& there() { return account_->destination(); }
  mail::DestinationFolder& folder() { return *folder_; }
  const mail::FolderState& state() const { return state_; }

  Heard append(std::vector<mail::Outgoing> batch, std::uint32_t mark = 0) {
    Heard heard;
    folder_->append(std::move(batch), mark, heard);
    folder_->drain(heard);
    return heard;
  }
  std::vector<mail::Found> survey(std::uint32_t from) {
    std::vector<mail::Found> all;
    folder_->survey(from, [&](const mail::Found& found) {
      EXPECT_TRUE(all.empty() || all.back().number < found.number) << "ascending";
      EXPECT_GE(found.number, from);
      all.push_back(found);
    });
    return all;
  }
  std::vector<ReadBack::Row> read() {
    const auto source = account_->source();
    for (const auto& one : source->folders({})) {
      if (one.wire_name != there().wire_name(path_)) continue;
      const auto reader = source->open(one, {});
      reader->begin();
      ReadBack back;
      reader->scan({}, back, back);
      return std::move(back.rows);
    }
    ADD_FAILURE() << "no folder " << there().wire_name(path_);
    return {};
  }

 private:
  std::unique_ptr<WrittenAccount> account_;
  const mail::FolderPath path_;
  std::unique_ptr<mail::DestinationFolder> folder_;
  mail::FolderState state_;
};

TEST_P(DestinationSuite, StoresWhatItIsGivenWithFlagsAndDate) {
  Opened opened(GetParam());
  mail::Flags flags;
  flags.seen = flags.flagged = true;
  std::vector<mail::Outgoing> batch;
  const auto texts = numbered(2);
  batch.push_back(outgoing(1, texts[0], flags));
  batch.push_back(outgoing(2, texts[1]));
  const auto heard = opened.append(std::move(batch));
  EXPECT_EQ(heard.tickets, (std::set<std::uint64_t>{1, 2}));
  EXPECT_TRUE(heard.refusals.empty());
  const auto rows = opened.read();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].text, texts[0]);
  EXPECT_EQ(rows[1].text, texts[1]);
  EXPECT_EQ(rows[0].meta.flags, flags);
  EXPECT_EQ(rows[1].meta.flags, mail::Flags{});
  ASSERT_TRUE(rows[0].meta.received);
  EXPECT_EQ(rows[0].meta.received->at, sys_days(year(2019) / 3 / 5) + std::chrono::hours(7));
}

TEST_P(DestinationSuite, TellsTheNumbersUnderWhichASurveyFindsThem) {
  Opened opened(GetParam());
  const auto texts = numbered(30);
  const auto heard = opened.append(batch_of(texts));
  ASSERT_EQ(heard.tickets.size(), 30u);
  opened.folder().begin();
  const auto found = opened.survey(1);
  ASSERT_EQ(found.size(), 30u);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].size, texts[i].size());
    if (!heard.numbers.empty()) {
      EXPECT_EQ(heard.numbers.at(i), found[i].number) << "in the order in which they were handed over";
    }
  }
}

TEST_P(DestinationSuite, WhatItSawOnTheWayIsWhatASurveyFinds) {
  Opened opened(GetParam());
  opened.append(batch_of(numbered(3)));
  opened.folder().begin();
  const auto before = opened.survey(1);
  ASSERT_EQ(before.size(), 3u);
  const auto mark = before.back().number + 1;
  auto heard = opened.append(batch_of(numbered(20)), mark);
  opened.folder().glance(mark, heard);
  opened.folder().begin();
  std::map<std::uint32_t, std::uint64_t> there;
  for (const auto& found : opened.survey(mark)) there[found.number] = found.size;
  EXPECT_EQ(there.size(), 20u);
  // Not all of it: a server may be some messages behind with what it shows (Dovecot, after single APPENDs).
  for (const auto& [number, size] : heard.seen_sizes) EXPECT_EQ(there.at(number), size) << number;
}

TEST_P(DestinationSuite, KeepsMessagesThatAreTheSameTwice) {
  Opened opened(GetParam());
  const auto text = test::mail_text("twin");
  opened.append(batch_of({text, text}));
  opened.append(batch_of({text}));
  EXPECT_EQ(opened.read().size(), 3u);
}

TEST_P(DestinationSuite, SurveysFromANumberOn) {
  Opened opened(GetParam());
  opened.append(batch_of(numbered(5)));
  opened.folder().begin();
  const auto all = opened.survey(1);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(opened.survey(all[3].number).size(), 2u);
  EXPECT_TRUE(opened.survey(all[4].number + 1).empty()) << "not even the last one";
}

TEST_P(DestinationSuite, SeesWithASecondLookWhatCameSinceTheFirst) {
  Opened opened(GetParam());
  EXPECT_EQ(opened.state().exists, 0u);
  opened.append(batch_of(numbered(3)));
  const auto now = opened.folder().begin();
  EXPECT_EQ(now.exists, 3u);
  EXPECT_EQ(now.epoch, opened.state().epoch);
}

TEST_P(DestinationSuite, TellsHeadersAndContentAsTheyWereSent) {
  Opened opened(GetParam());
  const auto texts = numbered(4);
  opened.append(batch_of(texts));
  opened.folder().begin();
  std::vector<std::uint32_t> numbers;
  for (const auto& one : opened.survey(1)) numbers.push_back(one.number);
  std::map<std::uint32_t, mail::HeaderId> headers;
  opened.folder().headers(numbers, [&](std::uint32_t number, const mail::HeaderId& header,
                                       const std::optional<mail::MatchKey>& key) {
    headers[number] = header;
    EXPECT_TRUE(key);
  });
  ASSERT_EQ(headers.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto digests = mail::digests_of(as_bytes(texts[i]));
    EXPECT_EQ(headers.at(numbers[i]), digests.header);
    EXPECT_EQ(opened.folder().canonical_of(numbers[i]), digests.canonical);
  }
  EXPECT_FALSE(opened.folder().canonical_of(numbers.back() + 100)) << "nothing lies there";
}

TEST_P(DestinationSuite, ChangesFlagsOneWayAndTheOther) {
  Opened opened(GetParam());
  mail::Flags flags;
  flags.seen = true;
  std::vector<mail::Outgoing> batch;
  batch.push_back(outgoing(1, numbered(1)[0], flags));
  opened.append(std::move(batch));
  opened.folder().begin();
  const auto number = opened.survey(1).at(0).number;
  mail::Flags add;
  add.answered = true;
  ASSERT_TRUE(opened.folder().takes_keyword("$Forwarded"));
  add.keywords.insert("$Forwarded");
  opened.folder().change_flags(number, add, flags);
  EXPECT_EQ(opened.survey(1).at(0).flags, add);
  opened.folder().change_flags(number + 100, add, {});  // one that is gone is no error
}

TEST_P(DestinationSuite, CarriesKeywords) {
  Opened opened(GetParam());
  mail::Flags flags;
  flags.keywords = {"$Forwarded", "Work"};
  std::vector<mail::Outgoing> batch;
  batch.push_back(outgoing(1, numbered(1)[0], flags));
  opened.append(std::move(batch));
  EXPECT_EQ(opened.read().at(0).meta.flags, flags);
}

TEST_P(DestinationSuite, CarriesWhatIsOddOrLarge) {
  Opened opened(GetParam());
  const std::vector<std::string> texts{
      "Subject: \xC3\xA4 \xFF\r\n\r\n\x80\x81 eight bits\r\n",
      "Subject: no end of the line",
      "no header at all\r\n",
      ".\r\n..\r\n",
      test::mail_text("large", std::string(3u << 20, 'x') + "\r\n"),
      "A1 LOGOUT\r\n* BYE\r\n)\r\n",
  };
  const auto heard = opened.append(batch_of(texts));
  EXPECT_TRUE(heard.refusals.empty()) << heard.refusals.begin()->second;
  opened.folder().begin();
  const auto found = opened.survey(1);
  ASSERT_EQ(found.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(opened.folder().canonical_of(found[i].number), mail::digests_of(as_bytes(texts[i])).canonical)
        << texts[i].substr(0, 40);
  }
}

TEST_P(DestinationSuite, OwesNothingWhenAllIsAnswered) {
  Opened opened(GetParam());
  opened.append(batch_of(numbered(3)));
  EXPECT_TRUE(opened.folder().take_back().empty());
  opened.append({});
  EXPECT_TRUE(opened.folder().take_back().empty());
}

TEST_P(DestinationSuite, MakesAFolderOnceAndListsIt) {
  const mail::FolderPath path{
      "Gr\xC3\xBC\xC3\x9F"
      "e & mehr",
      "A \"quoted\" one", "deep"};
  Opened opened(GetParam(), path);
  opened.there().ensure(path, true, {});
  unsigned times = 0;
  for (const auto& folder : opened.there().folders({})) {
    if (folder.path != path) continue;
    ++times;
    EXPECT_EQ(folder.wire_name, opened.there().wire_name(path));
    EXPECT_TRUE(folder.subscribed);
    EXPECT_TRUE(folder.selectable);
  }
  EXPECT_EQ(times, 1u);
  opened.append(batch_of(numbered(1)));
  EXPECT_EQ(opened.read().size(), 1u);
}

TEST_P(DestinationSuite, MayBeWrittenInSeveralFoldersSideBySide) {
  Opened opened(GetParam());
  if (opened.there().traits({}).max_sessions < 2) GTEST_SKIP() << "one session only";
  opened.there().ensure({"Other"}, false, {});
  const auto other = opened.there().open({"Other"}, mail::Opening::afresh, {});
  other->begin();
  Heard heard;
  other->append(batch_of(numbered(2)), 0, heard);
  opened.append(batch_of(numbered(3)));
  other->drain(heard);
  EXPECT_EQ(heard.tickets.size(), 2u);
  EXPECT_EQ(opened.read().size(), 3u);
}

TEST_P(DestinationSuite, OpenedAfreshItShowsWhatOtherSessionsHavePutThere) {
  Opened opened(GetParam());
  if (opened.there().traits({}).max_sessions < 3) GTEST_SKIP() << "too few sessions";
  for (int turn = 1; turn <= 3; ++turn) {
    Heard heard, other;
    auto first = opened.there().open({"Archive"}, mail::Opening::to_append, {});
    auto second = opened.there().open({"Archive"}, mail::Opening::to_append, {});
    first->begin();
    second->begin();
    first->append(batch_of({test::mail_text("a" + std::to_string(turn))}), 0, heard);
    second->append(batch_of({test::mail_text("b" + std::to_string(turn))}), 0, other);
    first.reset(), second.reset();  // what the first has seen is what the next would be told
    const auto third = opened.there().open({"Archive"}, mail::Opening::afresh, {});
    EXPECT_EQ(third->begin().exists, 2u * static_cast<unsigned>(turn));
    int found = 0;
    third->survey(1, [&](const mail::Found&) { ++found; });
    EXPECT_EQ(found, 2 * turn);
  }
}

TEST_P(DestinationSuite, CannotOpenWhatIsNotThere) {
  Opened opened(GetParam());
  try {
    opened.there().open({"Nowhere"}, mail::Opening::afresh, {})->begin();
    ADD_FAILURE() << "opened a folder that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::missing);
    EXPECT_EQ(error.blast, Blast::folder);
  }
}

TEST_P(DestinationSuite, EndsWhenStopped) {
  Opened opened(GetParam());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(opened.there().open({"Archive"}, mail::Opening::afresh, stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace postferry::conformance
