#include <gtest/gtest.h>

#include <postferry/base/bytes.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "canonical_body.h"
#include "flag_change.h"
#include "inventory.h"
#include "outgoing.h"

namespace postferry::engine {
namespace {

mail::Flags flags(const std::string& words) {
  mail::Flags out;
  out.seen = words.find('S') != std::string::npos;
  out.answered = words.find('A') != std::string::npos;
  out.deleted = words.find('T') != std::string::npos;
  if (words.find('k') != std::string::npos) out.keywords.insert("k");
  return out;
}

TEST(FlagChange, FollowsTheRule) {
  struct Row {
    FlagRule rule;
    std::string source;
    const char* carried;
    std::string there, add, remove;
  };
  const Row rows[] = {
      {FlagRule::merge, "S", "S", "", "", ""},  // read, carried as read, made unread there: left alone
      {FlagRule::merge, "SA", "S", "", "A", ""},       {FlagRule::merge, "", "Sk", "SAk", "", "Sk"},
      {FlagRule::merge, "Sk", nullptr, "A", "Sk", ""}, {FlagRule::add, "Sk", "Sk", "A", "Sk", ""},
      {FlagRule::add, "", "S", "S", "", ""},           {FlagRule::update, "Sk", "Sk", "A", "Sk", "A"},
      {FlagRule::never, "SAk", "", "", "", ""},        {FlagRule::merge, "ST", "", "", "ST", ""},
  };
  for (const auto& row : rows) {
    PushOptions options;
    options.flags = row.rule;
    const auto carried = flags(row.carried != nullptr ? row.carried : "");
    const auto change = flag_change(options, flags(row.source), row.carried != nullptr ? &carried : nullptr,
                                    flags(row.there));
    EXPECT_EQ(change, (FlagChange{flags(row.add), flags(row.remove)}))
        << "rule " << static_cast<int>(row.rule) << ", source " << row.source << ", there " << row.there;
  }
}

TEST(FlagChange, LeavesDeletedAloneWhereToldTo) {
  PushOptions options;
  options.skip_deleted = true;
  const auto carried = flags("T");
  EXPECT_EQ(flag_change(options, flags("ST"), nullptr, {}), (FlagChange{flags("S"), {}}));
  EXPECT_TRUE(flag_change(options, {}, &carried, flags("T")).empty());
}

std::string all_of(const mail::Body& body, std::size_t at_once) {
  std::string text, piece(at_once, '\0');
  const auto from = body.open();
  while (const auto read = from->read(std::as_writable_bytes(std::span(piece)))) text.append(piece, 0, read);
  return text;
}

TEST(WithCrlf, GivesEveryLineTheEndThatImapWants) {
  const std::pair<std::string, std::string> rows[] = {
      {"a\r\nb\r\n", "a\r\nb\r\n"},
      {"a\nb\n", "a\r\nb\r\n"},
      {"a\r\n\nb", "a\r\n\r\nb"},
      {"\n", "\r\n"},
      {"a\rb\n", "a\rb\r\n"},
      {"\r\r\n\n", "\r\r\n\r\n"},
      {"", ""},
  };
  for (const auto& [before, after] : rows) {
    const auto digests = mail::digests_of(as_bytes(before));
    const auto body = with_crlf(mail::memory_body(before));
    EXPECT_EQ(body->size(), after.size());
    for (const std::size_t at_once : {1, 2, 3, 100}) EXPECT_EQ(all_of(*body, at_once), after);
    EXPECT_EQ(mail::digests_of(as_bytes(after)).canonical, digests.canonical)
        << "it must stay the same message";
  }
}

TEST(WithCrlf, DoesSoForBodiesOfAnySize) {
  std::string text, wanted;
  for (int i = 0; i < 20000; ++i) text += "line\n", wanted += "line\r\n";
  const auto body = with_crlf(mail::memory_body(text));
  EXPECT_EQ(all_of(*body, 4096), wanted);
  EXPECT_EQ(all_of(*body, 4096), wanted) << "as often as it is read";
}

TEST(ArrivalDate, IsTheBestThatCanBeBelieved) {
  using namespace std::chrono;
  const auto day = [](int y, unsigned m, unsigned d) { return sys_seconds(sys_days(year(y) / m / d)); };
  const auto now = day(2026, 11, 20);
  const std::string received = "Received: from a by b; Tue, 3 Mar 2020 00:00:00 +0000\r\n";
  const std::string folded = "Received: from a\r\n by b (x; y)\r\n\t; Wed, 4 Mar 2020 02:00:00 +0200\r\n";
  const std::string future = "Received: by c; Fri, 1 Jan 2100 00:00:00 +0000\r\n";
  const std::string date = "Date: Sun, 1 Mar 2020 00:00:00 +0000\r\n";
  struct Row {
    std::optional<sys_seconds> internal;
    std::string header;
    sys_seconds wanted;
    DateOrigin origin;
  };
  const Row rows[] = {
      {day(2021, 1, 1), received + date, day(2021, 1, 1), DateOrigin::internal},
      {day(1970, 1, 1), received + date, day(2020, 3, 3), DateOrigin::received},
      {day(2031, 1, 1), date, day(2020, 3, 1), DateOrigin::date},
      {std::nullopt, folded + received, day(2020, 3, 4), DateOrigin::received},
      {std::nullopt, future + received, day(2020, 3, 3), DateOrigin::received},
      {std::nullopt, "Received: garbage\r\n" + date, day(2020, 3, 1), DateOrigin::date},
      {std::nullopt, "Date: yesterday\r\n", now, DateOrigin::now},
      {std::nullopt, "Subject: x\r\n\r\n" + date, now, DateOrigin::now},
      {std::nullopt, "", now, DateOrigin::now},
  };
  for (const auto& row : rows) {
    std::optional<mail::Received> internal;
    if (row.internal) internal = mail::Received{*row.internal};
    const auto found = arrival_date(internal, *mail::memory_body(row.header), now);
    EXPECT_EQ(found.at.at, row.wanted) << row.header;
    EXPECT_EQ(found.origin, row.origin) << row.header;
  }
}

TEST(Inventory, GivesEachMessageToOneOnly) {
  Inventory there;
  for (const std::uint32_t number : {3u, 5u, 9u}) there.add_stray({number, 100, {}});
  EXPECT_TRUE(there.reserve(3, 100, 1));
  EXPECT_FALSE(there.reserve(3, 100, 2)) << "it is another lane's";
  EXPECT_FALSE(there.reserve(4, 100, 1)) << "it is not there";
  EXPECT_FALSE(there.reserve(5, 101, 1)) << "it has another size";
  EXPECT_TRUE(there.reserve(5, 0, 1)) << "its size was never noted";

  EXPECT_FALSE(there.take_reserved(3, 100, 2));
  EXPECT_TRUE(there.take_reserved(3, 100, 1));
  EXPECT_FALSE(there.take_reserved(3, 100, 1)) << "once";
  EXPECT_FALSE(there.take_stray(3));
  EXPECT_EQ(there.strays(1), std::vector<std::uint32_t>{9});
  EXPECT_TRUE(there.take_stray(9));
  EXPECT_FALSE(there.take_stray(9));
  EXPECT_EQ(there.next(), 10u);
}

TEST(Inventory, KnowsForTakenWhatWasExpected) {
  Inventory there;
  there.expect(7);
  there.add_stray({7, 100, {}});
  there.add_stray({8, 100, {}});
  EXPECT_FALSE(there.is_stray(7));
  EXPECT_TRUE(there.is_stray(8));
}

TEST(Inventory, HoldsSizesAboveFourGigabytes) {
  Inventory there;
  there.add_stray({1, 5'000'000'000, {}});
  EXPECT_TRUE(there.reserve(1, 5'000'000'000, 1));
}

}  // namespace
}  // namespace postferry::engine
