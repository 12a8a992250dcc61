#include <postferry/catalog/push_ledger.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <postferry/base/error.h>

namespace postferry::catalog {
namespace {

const mail::FolderKey inbox_there{"imap:me@old.example", "INBOX"}, inbox_here{"imap:me@new.example", "INBOX"};

mail::Meta listed(mail::MessageRef ref) {
  mail::Meta meta;
  meta.ref = std::move(ref);
  return meta;
}

mail::Meta listed(std::uint32_t uid, std::string epoch = "7") { return listed(mail::MessageRef{std::move(epoch), uid, ""}); }

mail::Settled settled(std::uint32_t uid, std::uint32_t number) {
  mail::Settled out;
  out.source = {"7", uid, ""};
  out.number = number;
  out.size = 1000 + uid;
  out.flags.seen = true;
  out.flags.keywords = {"$Forwarded", "work"};
  out.canonical.digest.fill(static_cast<std::byte>(uid));
  out.header.digest.fill(static_cast<std::byte>(number));
  out.altered = 2;
  return out;
}

class PushLedgerFile : public testing::Test {
 protected:
  PushLedgerFile() : folder_(std::filesystem::temp_directory_path() / ("push_ledger_" + std::to_string(::getpid()))) {}
  ~PushLedgerFile() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<mail::PushLedger> open() { return open_push_ledger(file()); }
  std::filesystem::path file() const { return folder_ / "state" / "push.db"; }

  static std::map<std::size_t, mail::Settled> known(mail::PushLedger& ledger, mail::LaneId lane, std::vector<mail::Meta> page) {
    std::map<std::size_t, mail::Settled> out;
    ledger.known(lane, page, [&](std::size_t i, const mail::Settled& one) { out.emplace(i, one); });
    return out;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(PushLedgerFile, RemembersWhatWasSettledAcrossRuns) {
  {
    auto ledger = open();
    ledger->settle(ledger->lane(inbox_there, inbox_here), std::vector{settled(4, 90), settled(6, 91)});
  }
  auto ledger = open();
  const auto lane = ledger->lane(inbox_there, inbox_here);

  const auto found = known(*ledger, lane, {listed(4), listed(5), listed(6), listed(4, "8")});

  ASSERT_EQ(found.size(), 2u);
  ASSERT_TRUE(found.contains(0) && found.contains(2));
  const auto& first = found.at(0);
  EXPECT_EQ(first.number, 90u);
  EXPECT_EQ(first.size, 1004u);
  EXPECT_EQ(first.flags, settled(4, 90).flags);
  EXPECT_EQ(first.canonical, settled(4, 90).canonical);
  EXPECT_EQ(first.header, settled(4, 90).header);
  EXPECT_EQ(first.altered, 2);
  EXPECT_EQ(ledger->count(lane), 2u);
}

TEST_F(PushLedgerFile, KeepsTheNameOfWhatLiesThereDamaged) {
  auto damaged = settled(4, 90);
  damaged.damaged = mail::Headline{"Mon, 1 Jan 2024", "", "Gr\xC3\xBC\xC3\x9F" "e"};
  auto ledger = open();
  const auto lane = ledger->lane(inbox_there, inbox_here);
  ledger->settle(lane, std::vector{damaged, settled(6, 91)});

  const auto found = known(*ledger, lane, {listed(4), listed(6)});
  ASSERT_TRUE(found.at(0).damaged);
  EXPECT_EQ(found.at(0).damaged->subject, damaged.damaged->subject);
  EXPECT_EQ(found.at(0).damaged->date, damaged.damaged->date);
  EXPECT_FALSE(found.at(1).damaged);
  std::map<std::uint32_t, bool> all;
  ledger->settlements(inbox_here, [&](mail::LaneId, const mail::Settled& one) { all[one.number] = one.damaged.has_value(); });
  EXPECT_EQ(all, (std::map<std::uint32_t, bool>{{90, true}, {91, false}}));
}

TEST_F(PushLedgerFile, KnowsPop3MessagesByTheirUidlWhateverTheirPlace) {
  auto ledger = open();
  const auto lane = ledger->lane(inbox_there, inbox_here);
  auto one = settled(0, 5);
  one.source = {"pop3", 17, "AbC"};
  ledger->settle(lane, std::vector{one});

  const auto found = known(*ledger, lane, {listed({"pop3", 17, "other"}), listed({"pop3", 3, "AbC"})});

  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at(1).number, 5u);
}

// As version 1 made it, with one message of IMAP, one of a UIDL, one known by its place alone.
constexpr const char* version_1 = R"(
CREATE TABLE lanes (
  id INTEGER PRIMARY KEY, from_account TEXT NOT NULL, from_folder BLOB NOT NULL,
  to_account TEXT NOT NULL, to_folder BLOB NOT NULL, UNIQUE (from_account, from_folder, to_account, to_folder));
CREATE INDEX lanes_by_sink ON lanes (to_account, to_folder);
CREATE TABLE settlements (
  lane INTEGER NOT NULL, epoch TEXT NOT NULL, number INTEGER NOT NULL, uidl TEXT NOT NULL,
  to_number INTEGER NOT NULL, size INTEGER NOT NULL, flags TEXT NOT NULL,
  canonical BLOB NOT NULL, header BLOB NOT NULL, altered INTEGER NOT NULL,
  PRIMARY KEY (lane, epoch, number, uidl)) WITHOUT ROWID;
CREATE TABLE sinks (
  account TEXT NOT NULL, folder BLOB NOT NULL, epoch TEXT NOT NULL, mark INTEGER NOT NULL, open INTEGER NOT NULL,
  PRIMARY KEY (account, folder)) WITHOUT ROWID;
INSERT INTO lanes VALUES (1, 'imap:me@old.example', x'494e424f58', 'imap:me@new.example', x'494e424f58');
INSERT INTO settlements VALUES (1, '7', 4, '', 90, 1004, 'S', zeroblob(32), zeroblob(16), 0);
INSERT INTO settlements VALUES (1, 'pop3', 0, 'AbC', 91, 1005, '', zeroblob(32), zeroblob(16), 0);
INSERT INTO settlements VALUES (1, 'pop3', 9, '', 92, 1006, '', zeroblob(32), zeroblob(16), 0);
PRAGMA user_version=1;
)";

TEST_F(PushLedgerFile, OfVersion1KeepsAllButWhatWasKnownByItsPlace) {
  open();
  std::filesystem::remove(file());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, version_1, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);

  auto ledger = open();
  const auto lane = ledger->lane(inbox_there, inbox_here);

  EXPECT_EQ(ledger->count(lane), 2u);
  const auto found = known(*ledger, lane, {listed(4), listed({"pop3", 1, "AbC"}), listed({"pop3", 9, ""})});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at(0).number, 90u);
  EXPECT_EQ(found.at(1).number, 91u);
  ledger->settle(lane, std::vector{settled(8, 93)});
  EXPECT_EQ(ledger->count(lane), 3u);
}

TEST_F(PushLedgerFile, KeepsLanesApartAndJoinsThemAtTheirSink) {
  auto ledger = open();
  const mail::FolderKey other{"pop3:me@isp.example", "INBOX"}, elsewhere{"imap:me@new.example", "Sent"};
  const auto a = ledger->lane(inbox_there, inbox_here), b = ledger->lane(other, inbox_here), c = ledger->lane(inbox_there, elsewhere);
  EXPECT_EQ(ledger->lane(inbox_there, inbox_here), a);
  ledger->settle(a, std::vector{settled(1, 10)});
  ledger->settle(b, std::vector{settled(1, 11), settled(2, 12)});
  ledger->settle(c, std::vector{settled(1, 13)});

  std::map<std::uint32_t, mail::LaneId> numbers;
  ledger->settlements(inbox_here, [&](mail::LaneId lane, const mail::Settled& one) { numbers[one.number] = lane; });

  EXPECT_EQ(numbers, (std::map<std::uint32_t, mail::LaneId>{{10, a}, {11, b}, {12, b}}));
}

TEST_F(PushLedgerFile, ForgetsWhatNoLongerHolds) {
  auto ledger = open();
  const auto lane = ledger->lane(inbox_there, inbox_here);
  ledger->settle(lane, std::vector{settled(1, 10), settled(2, 11)});
  ledger->unsettle(lane, std::vector{mail::MessageRef{"7", 1, ""}});
  EXPECT_EQ(known(*ledger, lane, {listed(1), listed(2)}).size(), 1u);
}

TEST_F(PushLedgerFile, SaysWhetherAFolderWasLeftOpen) {
  auto ledger = open();
  EXPECT_EQ(ledger->note(inbox_here), std::nullopt);
  ledger->open(inbox_here, "77", 100);
  ASSERT_TRUE(ledger->note(inbox_here));
  EXPECT_TRUE(ledger->note(inbox_here)->open);
  ledger->close(inbox_here, "77", 140);
  const auto note = ledger->note(inbox_here);
  EXPECT_EQ(note->epoch, "77");
  EXPECT_EQ(note->mark, 140u);
  EXPECT_FALSE(note->open);
}

TEST_F(PushLedgerFile, RefusesAFileThatIsNotItsOwnAndNamesIt) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << "not a database, but long enough to be taken for one: " << std::string(2000, 'x');
  try {
    open();
    FAIL() << "was opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::storage);
    EXPECT_NE(std::string(error.what()).find("push.db"), std::string::npos);
    EXPECT_FALSE(error.advice.empty());
  }
}

TEST_F(PushLedgerFile, IsReadableByItsOwnerOnly) {
  open();
  EXPECT_EQ(std::filesystem::status(file()).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace postferry::catalog
