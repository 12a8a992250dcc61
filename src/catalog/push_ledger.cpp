#include <postferry/catalog/push_ledger.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "db.h"

namespace postferry::catalog {
namespace {

constexpr int schema_version = 4;

// SCHEMA.md says what each column is. A POP3 reference is its UIDL (number 0), an IMAP one its UID (uidl '');
// mail::lasting says what one without either is.
constexpr const char* tables = R"(
CREATE TABLE lanes (
  id INTEGER PRIMARY KEY, from_account TEXT NOT NULL, from_folder BLOB NOT NULL,
  to_account TEXT NOT NULL, to_folder BLOB NOT NULL, UNIQUE (from_account, from_folder, to_account, to_folder));
CREATE INDEX lanes_by_sink ON lanes (to_account, to_folder);
CREATE TABLE settlements (
  lane INTEGER NOT NULL, epoch TEXT NOT NULL, number INTEGER NOT NULL, uidl TEXT NOT NULL,
  to_number INTEGER NOT NULL, size INTEGER NOT NULL, flags TEXT NOT NULL,
  canonical BLOB NOT NULL, header BLOB NOT NULL, altered INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,
  merge BLOB, shared INTEGER NOT NULL DEFAULT 0, damaged INTEGER NOT NULL DEFAULT 0,
  date TEXT, sender TEXT, subject TEXT, since INTEGER,
  PRIMARY KEY (lane, epoch, number, uidl)) WITHOUT ROWID;
CREATE TABLE sinks (
  account TEXT NOT NULL, folder BLOB NOT NULL, epoch TEXT NOT NULL, mark INTEGER NOT NULL, open INTEGER NOT NULL,
  PRIMARY KEY (account, folder)) WITHOUT ROWID;
)";

// Version 1 knew POP3 messages without a UIDL by their place in the listing, which is another's by now: they are looked
// for by content.
constexpr const char* from_version_1 = R"(
ALTER TABLE settlements ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE settlements ADD COLUMN merge BLOB;
ALTER TABLE settlements ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
DELETE FROM settlements WHERE epoch='pop3' AND uidl='';
)";

constexpr const char* from_version_2 = R"(
ALTER TABLE settlements ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE settlements ADD COLUMN date TEXT;
ALTER TABLE settlements ADD COLUMN sender TEXT;
ALTER TABLE settlements ADD COLUMN subject TEXT;
)";

constexpr const char* from_version_3 = R"(
ALTER TABLE settlements ADD COLUMN since INTEGER;
UPDATE settlements SET since=strftime('%s', 'now');
)";

// "sAF" and so on, then keywords, each after a blank (a keyword is an atom: no blank in it).
std::string flags_text(const mail::Flags& flags) {
  std::string out;
  if (flags.seen) out += 'S';
  if (flags.answered) out += 'A';
  if (flags.flagged) out += 'F';
  if (flags.deleted) out += 'T';
  if (flags.draft) out += 'D';
  for (const auto& keyword : flags.keywords) out += ' ' + keyword;
  return out;
}

mail::Flags flags_of(const std::string& text) {
  mail::Flags flags;
  const auto blank = text.find(' ');
  for (const char c : text.substr(0, blank)) {
    flags.seen |= c == 'S', flags.answered |= c == 'A', flags.flagged |= c == 'F';
    flags.deleted |= c == 'T', flags.draft |= c == 'D';
  }
  for (auto at = blank; at != std::string::npos;) {
    const auto next = text.find(' ', at + 1);
    flags.keywords.insert(text.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  return flags;
}

template <class D>
void copy_digest(std::span<const std::byte> bytes, D& into) {
  if (bytes.size() == into.digest.size()) std::copy(bytes.begin(), bytes.end(), into.digest.begin());
}

std::int64_t key_number(const mail::MessageRef& ref) { return ref.uidl.empty() ? ref.number : 0; }

struct Statements {
  explicit Statements(Db& db)
      : add_lane(db, "INSERT OR IGNORE INTO lanes (from_account, from_folder, to_account, to_folder) VALUES (?1,?2,?3,?4)"),
        lane(db, "SELECT id FROM lanes WHERE from_account=?1 AND from_folder=?2 AND to_account=?3 AND to_folder=?4"),
        account(db, "SELECT from_account FROM lanes WHERE id=?1"),
        known(db, "SELECT to_number, size, flags, canonical, header, altered, told, merge, shared,"
                  " damaged, date, sender, subject, since FROM settlements WHERE lane=?1 AND epoch=?2 AND number=?3 AND uidl=?4"),
        count(db, "SELECT count(*) FROM settlements WHERE lane=?1"),
        settle(db, "INSERT OR REPLACE INTO settlements VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)"),
        unsettle(db, "DELETE FROM settlements WHERE lane=?1 AND epoch=?2 AND number=?3 AND uidl=?4"),
        of_sink(db, "SELECT s.to_number, s.size, s.flags, s.canonical, s.header, s.altered, s.told, s.merge, s.shared,"
                    " s.damaged, s.date, s.sender, s.subject, s.since, s.lane, s.epoch, s.number, s.uidl"
                    " FROM lanes l JOIN settlements s ON s.lane=l.id WHERE l.to_account=?1 AND l.to_folder=?2"),
        note(db, "SELECT epoch, mark, open FROM sinks WHERE account=?1 AND folder=?2"),
        set_note(db, "INSERT OR REPLACE INTO sinks VALUES (?1,?2,?3,?4,?5)") {}

  Statement add_lane, lane, account, known, count, settle, unsettle, of_sink, note, set_note;
};

class SqlitePushLedger final : public mail::PushLedger {
 public:
  explicit SqlitePushLedger(const std::filesystem::path& file) : file_(file.string()) {
    guarded([&] {
      db_ = std::make_unique<Db>(file);
      // What is settled must survive a power cut: losing a settlement costs a survey, but losing the mark that an APPEND
      // was under way could cost a second copy.
      db_->run("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA cache_size=-2048; PRAGMA temp_store=FILE;"
               "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF");
      prepare();
      statements_ = std::make_unique<Statements>(*db_);
    });
  }

  mail::LaneId lane(const mail::FolderKey& from, const mail::FolderKey& to) override {
    return guarded([&] {
      for (auto* statement : {&statements_->add_lane, &statements_->lane}) {
        Reading reading(*statement);
        statement->bind(1, from.account).bind(2, as_bytes(from.wire_name)).bind(3, to.account).bind(4, as_bytes(to.wire_name));
        if (statement->step()) return statement->number(0);
      }
      throw DbTrouble(0, "a lane that was added is not there");
    });
  }

  mail::AccountId account_of(mail::LaneId lane) override {
    return guarded([&] {
      auto& row = statements_->account;
      Reading reading(row);
      return row.bind(1, lane).step() ? row.text(0) : std::string();
    });
  }

  void known(mail::LaneId lane, std::span<const mail::Meta> page,
             const std::function<void(std::size_t, const mail::Settled&)>& found) override {
    guarded([&] {
      for (std::size_t i = 0; i < page.size(); ++i) {
        auto& statement = bind_ref(statements_->known, lane, page[i].ref);
        Reading reading(statement);
        if (statement.step()) found(i, read(statement, page[i].ref));
      }
    });
  }

  std::uint64_t count(mail::LaneId lane) override {
    return guarded([&] {
      Reading reading(statements_->count);
      statements_->count.bind(1, lane).step();
      return static_cast<std::uint64_t>(statements_->count.number(0));
    });
  }

  void settle(mail::LaneId lane, std::span<const mail::Settled> settled) override {
    guarded([&] {
      Transaction all(*db_);
      for (const auto& one : settled) {
        const auto flags = flags_text(one.flags);
        bind_damage(statements_->settle, one);
        bind_since(statements_->settle, one);
        bind_ref(statements_->settle, lane, one.source)
            .bind(5, static_cast<std::int64_t>(one.number))
            .bind(6, static_cast<std::int64_t>(one.size))
            .bind(7, flags)
            .bind(8, std::span<const std::byte>(one.canonical.digest))
            .bind(9, std::span<const std::byte>(one.header.digest))
            .bind(10, static_cast<std::int64_t>(one.altered))
            .bind(11, static_cast<std::int64_t>(one.told))
            .bind(12, std::span<const std::byte>(one.merge.digest))
            .bind(13, static_cast<std::int64_t>(one.shared))
            .run();
      }
      all.commit();
    });
  }

  void unsettle(mail::LaneId lane, std::span<const mail::MessageRef> sources) override {
    guarded([&] {
      Transaction all(*db_);
      for (const auto& source : sources) bind_ref(statements_->unsettle, lane, source).run();
      all.commit();
    });
  }

  void settlements(const mail::FolderKey& to,
                   const std::function<void(mail::LaneId, const mail::Settled&)>& found) override {
    guarded([&] {
      auto& rows = statements_->of_sink;
      Reading reading(rows);
      rows.bind(1, to.account).bind(2, as_bytes(to.wire_name));
      while (rows.step()) {
        mail::MessageRef ref{rows.text(15), static_cast<std::uint32_t>(rows.number(16)), rows.text(17)};
        found(rows.number(14), read(rows, std::move(ref)));
      }
    });
  }

  std::optional<mail::SinkFolderNote> note(const mail::FolderKey& to) override {
    return guarded([&]() -> std::optional<mail::SinkFolderNote> {
      auto& row = statements_->note;
      Reading reading(row);
      if (!row.bind(1, to.account).bind(2, as_bytes(to.wire_name)).step()) return std::nullopt;
      return mail::SinkFolderNote{row.text(0), static_cast<std::uint32_t>(row.number(1)), row.number(2) != 0};
    });
  }

  void open(const mail::FolderKey& to, const std::string& epoch, std::uint32_t mark) override { set_note(to, epoch, mark, true); }
  void close(const mail::FolderKey& to, const std::string& epoch, std::uint32_t next) override {
    set_note(to, epoch, next, false);
  }

 private:
  // Any thread may come; SQLite's failures become ours here.
  template <class Act>
  auto guarded(Act&& act) -> decltype(act()) {
    const std::lock_guard lock(mutex_);
    try {
      return act();
    } catch (const DbTrouble& trouble) {
      Error error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: the ledger of what was carried cannot be used: {}", printable(file_), trouble.what()));
      if (!trouble.is_busy()) {
        error.advice = "Moving the file away is safe: the destination is then looked through, and nothing is sent twice.";
      }
      throw error;
    }
  }

  void prepare() {
    if (db_->number("SELECT count(*) FROM sqlite_schema") == 0) {
      Transaction all(*db_);
      db_->run(tables);
      db_->run(fmt::format("PRAGMA user_version={}", schema_version).c_str());
      all.commit();
    }
    auto version = db_->number("PRAGMA user_version");
    if (version >= 1 && version < schema_version) {
      Transaction all(*db_);
      if (version == 1) db_->run(from_version_1);
      if (version <= 2) db_->run(from_version_2);
      db_->run(from_version_3);
      db_->run(fmt::format("PRAGMA user_version={}", schema_version).c_str());
      all.commit();
      version = schema_version;
    }
    if (version != schema_version) throw DbTrouble(0, fmt::format("its version is {}, this program knows {}", version, schema_version));
  }

  static Statement& bind_ref(Statement& statement, mail::LaneId lane, const mail::MessageRef& ref) {
    return statement.bind(1, lane).bind(2, ref.epoch).bind(3, key_number(ref)).bind(4, ref.uidl);
  }

  static void bind_damage(Statement& row, const mail::Settled& one) {
    row.bind(14, static_cast<std::int64_t>(one.damaged.has_value()));
    for (const int column : {15, 16, 17}) row.bind_null(column);
    if (!one.damaged) return;
    row.bind(15, one.damaged->date).bind(16, one.damaged->from).bind(17, one.damaged->subject);
  }

  static void bind_since(Statement& row, const mail::Settled& one) {
    row.bind_null(18);
    if (one.since) row.bind(18, static_cast<std::int64_t>(one.since->time_since_epoch().count()));
  }

  static mail::Settled read(const Statement& row, mail::MessageRef ref) {
    mail::Settled out;
    out.source = std::move(ref);
    out.number = static_cast<std::uint32_t>(row.number(0));
    out.size = static_cast<std::uint64_t>(row.number(1));
    out.flags = flags_of(row.text(2));
    copy_digest(row.blob(3), out.canonical);
    copy_digest(row.blob(4), out.header);
    out.altered = static_cast<std::uint8_t>(row.number(5));
    out.told = static_cast<std::uint64_t>(row.number(6));
    copy_digest(row.blob(7), out.merge);
    out.shared = row.number(8) != 0;
    if (row.number(9) != 0) out.damaged = mail::Headline{row.text(10), row.text(11), row.text(12)};
    if (const auto since = row.number(13); since != 0) out.since = std::chrono::sys_seconds(std::chrono::seconds(since));
    return out;
  }

  void set_note(const mail::FolderKey& to, const std::string& epoch, std::uint32_t mark, bool is_open) {
    guarded([&] {
      statements_->set_note.bind(1, to.account)
          .bind(2, as_bytes(to.wire_name))
          .bind(3, epoch)
          .bind(4, static_cast<std::int64_t>(mark))
          .bind(5, static_cast<std::int64_t>(is_open))
          .run();
    });
  }

  const std::string file_;
  std::mutex mutex_;
  std::unique_ptr<Db> db_;                    // guarded by mutex_
  std::unique_ptr<Statements> statements_;    // guarded by mutex_; before db_ goes, these go
};

void make_private_file(const std::filesystem::path& file) {
  std::error_code trouble;
  const auto folder = file.parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, trouble)) ::chmod(folder.c_str(), 0700);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("{}: cannot be opened: {}", printable(file.string()), std::strerror(errno)));
  }
  ::close(descriptor);
}

}  // namespace

std::filesystem::path default_push_ledger_file() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/') {
    return std::filesystem::path(state) / "postferry/push.db";
  }
  if (const char* home = std::getenv("HOME"); home && *home == '/') {
    return std::filesystem::path(home) / ".local/state/postferry/push.db";
  }
  return {};
}

std::unique_ptr<mail::PushLedger> open_push_ledger(const std::filesystem::path& file) {
  make_private_file(file);
  return std::make_unique<SqlitePushLedger>(file);
}

}  // namespace postferry::catalog
