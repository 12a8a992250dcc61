#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/endpoints/registry.h>
#include <postferry/engine/push.h>
#include <postferry/mail/digester.h>

#include "support/dovecot_dialer.h"
#include "support/events.h"
#include "support/manual_clock.h"
#include "support/memory_mail.h"
#include "support/memory_push_ledger.h"

// A push into a real Dovecot, whose connections are lost at one place after the other. What it has received
// by then it finishes, as servers do: that is how the OK of an APPEND gets lost.
namespace postferry {
namespace {

// Loses one connection when so many bytes have passed one way. 0: never.
struct Cut {
  std::uint64_t sent = 0, received = 0;
};

class CutStream final : public net::Stream {
 public:
  CutStream(std::unique_ptr<net::Stream> below, Cut& left) : below_(std::move(below)), left_(left) {}

  std::size_t read(std::span<std::byte> into) override {
    if (lost_) lose();
    if (left_.received == 0) return below_->read(into);
    const auto got = below_->read(into.first(std::min<std::uint64_t>(into.size(), left_.received)));
    left_.received -= got;
    lost_ = left_.received == 0;  // what came before may still be used
    return got;
  }
  void write(std::span<const std::byte> bytes) override {
    if (lost_) lose();
    if (left_.sent == 0) return below_->write(bytes);
    const auto part = std::min<std::uint64_t>(bytes.size(), left_.sent);
    below_->write(bytes.first(part));
    left_.sent -= part;
    if (left_.sent == 0) lost_ = true, lose();
  }
  void flush() override { below_->flush(); }
  void start_tls(const net::TlsPolicy& policy) override { below_->start_tls(policy); }
  bool is_secure() const override { return below_->is_secure(); }
  void abort() noexcept override { below_->abort(); }

 private:
  [[noreturn]] static void lose() {
    throw Error(Cause::network, Blast::session, Retry::now, "cut by the test");
  }

  std::unique_ptr<net::Stream> below_;
  Cut& left_;
  bool lost_ = false;
};

class CutDialer final : public net::Dialer {
 public:
  explicit CutDialer(net::Dialer& below) : below_(below) {}
  std::unique_ptr<net::Stream> dial(const std::string& host, std::uint16_t port, const net::TlsPolicy* tls,
                                    const net::Timeouts& timeouts, std::stop_token stop) override {
    return std::make_unique<CutStream>(below_.dial(host, port, tls, timeouts, std::move(stop)), cut);
  }
  Cut cut;

 private:
  net::Dialer& below_;
};

class Migration {
 public:
  explicit Migration(std::string capabilities = {}, const std::string& config = {})
      : dovecot_(config, std::move(capabilities)), dialer_(dovecot_) {
    auto& inbox = source_.folder("INBOX");
    for (int i = 0; i < 9; ++i) inbox.add(test::mail_text("m" + std::to_string(i), "body of one\r\n"));
    inbox.add(test::mail_text("m3", "body of one\r\n"));   // a true duplicate
    inbox.add(test::mail_text("m4", "another body\r\n"));  // the same header, another message
    inbox.add("Subject: nameless\r\n\r\nno Message-ID\r\n");
    for (auto& message : inbox.messages) message.flags.seen = message.uid % 2 == 0;
    source_.folder("Work/Old").add(test::mail_text("w", "work\r\n"));
    for (auto& folder : source_.folders) folder.folder.path = mail::FolderPath{};
    source_.folders[0].folder.path = {"INBOX"};
    source_.folders[1].folder.path = {"Work", "Old"};
  }

  Cut& cut() { return dialer_.cut; }
  test::DovecotDialer& dovecot() { return dovecot_; }
  test::MemoryFolder& inbox() { return source_.folders[0]; }
  mail::DestinationTraits traits() { return destination()->traits({}); }
  test::MemoryPushLedger& ledger() { return ledger_; }

  engine::Report run() {
    test::MemorySource source(source_, {});
    const auto there = destination();
    std::vector<mail::Folder> folders;
    for (const auto& one : source_.folders) folders.push_back(one.folder);
    engine::PushOptions options;
    options.batch_messages = 5;
    const engine::Limits limits{.lanes = 1, .attempts = 50};
    engine::Push push("imap:old", "imap:new", *there, ledger_, engine::map_folders(folders, {}, {}, {}),
                      options, limits, clock_, events_);
    engine::World world{"imap:old", source, push.sink(), push.ledger(), events_, clock_, limits,
                        {},         {},     {},          false,         false};
    auto report = engine::run(engine::make_plan(world, {}), world, {});
    counts = push.counts();
    return report;
  }

  // The contents that lie in a destination folder, and those that must.
  std::vector<mail::CanonicalId> there(const mail::FolderPath& path) {
    const auto account = destination();
    const auto folder = account->open(path, mail::Opening::afresh, {});
    folder->begin();
    std::vector<std::uint32_t> numbers;
    folder->survey(1, [&](const mail::Found& found) { numbers.push_back(found.number); });
    std::vector<mail::CanonicalId> out;
    for (const auto number : numbers) out.push_back(folder->canonical_of(number).value());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::vector<mail::CanonicalId> expected(std::size_t folder) const {
    std::vector<mail::CanonicalId> out;
    for (const auto& one : source_.folders[folder].messages)
      out.push_back(mail::digests_of(as_bytes(one.text)).canonical);
    std::sort(out.begin(), out.end());
    return out;
  }

  engine::PushCounts counts;

 private:
  std::unique_ptr<mail::Destination> destination() {
    return endpoints::make_destination(dovecot_.account(), {[] { return std::string(); }},
                                       {.dialer = dialer_,
                                        .budget = budget_,
                                        .clock = clock_,
                                        .work_folder = std::filesystem::temp_directory_path(),
                                        .timeouts = {}});
  }

  test::DovecotDialer dovecot_;
  CutDialer dialer_;
  ByteBudget budget_{16u << 20};
  test::ManualClock clock_;
  test::NullEvents events_;
  test::MemoryAccount source_;
  test::MemoryPushLedger ledger_;
};

void expect_all(Migration& migration, const std::string& how) {
  EXPECT_EQ(migration.there({"INBOX"}), migration.expected(0)) << how;
  EXPECT_EQ(migration.there({"Work", "Old"}), migration.expected(1)) << how;
}

TEST(PushIntoDovecot, CarriesEverythingOnce) {
  Migration migration;
  const auto report = migration.run();
  EXPECT_TRUE(report.record.complete) << (report.error ? report.error->what() : "");
  EXPECT_EQ(migration.counts.sent, 13u);
  expect_all(migration, "the first run");
}

TEST(PushIntoDovecot, AppendsNothingAgain) {
  Migration migration;
  migration.run();
  EXPECT_TRUE(migration.run().record.complete);
  EXPECT_EQ(migration.counts.sent, 0u) << "with the ledger";
  migration.ledger().lose();
  EXPECT_TRUE(migration.run().record.complete);
  EXPECT_EQ(migration.counts.sent, 0u) << "without the ledger";
  EXPECT_EQ(migration.counts.recognised, 13u);
  expect_all(migration, "after three runs");
}

std::string quota(unsigned kilobytes) {
  return fmt::format(
      "mail_plugins = quota\nprotocol imap {{\n  mail_plugins = quota imap_quota\n}}\n"
      "plugin {{\n  quota = maildir:User quota\n  quota_grace = 0\n  quota_rule = *:storage={}K\n}}\n",
      kilobytes);
}

TEST(PushIntoDovecot, FillsAMailboxNamesWhatIsMissingAndEndsItWhenThereIsRoom) {
  Migration migration({}, quota(100));
  for (int i = 0; i < 20; ++i)
    migration.inbox().add(test::mail_text("big" + std::to_string(i), std::string(9000, 'x') + "\r\n"));
  ASSERT_TRUE(migration.traits().quota_left);
  EXPECT_LE(*migration.traits().quota_left, 100u << 10);

  const auto full = migration.run();
  EXPECT_FALSE(full.record.complete);
  EXPECT_GT(full.record.balance.failed, 0u);
  EXPECT_TRUE(full.record.balance.adds_up());
  EXPECT_LT(migration.there({"INBOX"}).size(), migration.expected(0).size());

  migration.dovecot().configure(quota(1000));
  const auto report = migration.run();
  EXPECT_TRUE(report.record.complete) << (report.error ? report.error->what() : "");
  expect_all(migration, "with room");
}

TEST(PushIntoDovecot, FindsOutWhichCharactersNoNameCanHave) {
  Migration migration;
  EXPECT_EQ(migration.traits().forbidden, ".") << "Maildir++ parts its folders by dots";
}

class LostConnections : public testing::TestWithParam<const char*> {};

// Every 127th byte, both ways; a prime, so that it meets every kind of place.
TEST_P(LostConnections, CostNoMessageAndMakeNoSecondCopy) {
  bool more = true;
  for (std::uint64_t bytes = 1; more && !HasFailure(); bytes += 127) {
    more = false;
    for (const auto cut : {Cut{bytes, 0}, Cut{0, bytes}}) {
      Migration migration(GetParam());
      const auto how = fmt::format("cut after {} bytes sent, {} received", cut.sent, cut.received);
      migration.cut() = cut;
      const auto report = migration.run();
      more = more || (migration.cut().sent == 0 && migration.cut().received == 0);  // it came to the cut
      migration.cut() = {};
      EXPECT_TRUE(report.record.complete) << how << (report.error ? report.error->what() : "");
      expect_all(migration, how);
    }
  }
}

std::string server_name(const testing::TestParamInfo<const char*>& server) {
  return std::array{"AsItIs", "WithoutMultiappend", "Plain"}.at(server.index);
}

INSTANTIATE_TEST_SUITE_P(Servers, LostConnections,
                         testing::Values("", "IMAP4rev1 NAMESPACE UIDPLUS LITERAL+", "IMAP4rev1 NAMESPACE"),
                         server_name);

}  // namespace
}  // namespace postferry
