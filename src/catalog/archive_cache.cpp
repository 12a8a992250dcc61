#include <postferry/catalog/archive_cache.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <postferry/base/bytes.h>

#include "cache_file.h"
#include "db.h"

namespace postferry::catalog {
namespace {

// Names are SHA-256: their first eight bytes are as good as random, and an index over integers is a third of
// one over 32-byte blobs.
std::int64_t prefix_of(const codec::Digest& hash) {
  std::int64_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

template <class D>
void read_digest(std::span<const std::byte> bytes, D& into) {
  if (bytes.size() == into.size()) std::copy(bytes.begin(), bytes.end(), into.begin());
}

// The statements, prepared once for a connection.
struct Statements {
  explicit Statements(Db& db)
      : packs(db, "SELECT name FROM packs ORDER BY name"),
        pack_of(db, "SELECT id, first, count FROM packs WHERE name=?1"),
        add_pack(db, "INSERT INTO packs (name, first, count) VALUES (?1, ?2, ?3)"),
        add_entry(db,
                  "INSERT INTO entries (prefix, pack, hash, name, frame, at, size, canonical, merge, header, "
                  "key, date,"
                  " sender, subject) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"),
        set_range(db, "UPDATE packs SET first=?2, count=?3 WHERE id=?1"),
        drop_entries(db, "DELETE FROM entries WHERE id>=?1 AND id<?2"),
        drop_pack(db, "DELETE FROM packs WHERE id=?1"),
        find(db,
             "SELECT e.hash, p.name, e.name, e.frame, e.at, e.size, e.canonical, e.merge, e.header, e.key, "
             "e.date,"
             " e.sender, e.subject FROM entries e JOIN packs p ON p.id=e.pack WHERE e.prefix=?1"),
        each(db, "SELECT e.hash, p.name FROM entries e JOIN packs p ON p.id=e.pack ORDER BY e.id"),
        seq(db, "SELECT seq FROM seqs WHERE account=?1"),
        set_seq(db,
                "INSERT INTO seqs VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET seq=max(seq, "
                "excluded.seq)") {}

  Statement packs, pack_of, add_pack, add_entry, set_range, drop_entries, drop_pack, find, each, seq, set_seq;
};

class ArchiveCache final : public archive::Cache {
 public:
  ArchiveCache(std::filesystem::path file, std::string archive_id)
      : file_(std::move(file)), archive_id_(std::move(archive_id)) {
    open();
  }

  std::vector<std::string> packs() override {
    std::vector<std::string> out;
    guarded(
        [&](Statements& with) {
          out.clear();
          Reading reading(with.packs);
          while (with.packs.step()) out.push_back(with.packs.text(0));
        },
        [&] { out.clear(); });
    return out;
  }

  void add_pack(const std::string& pack, std::span<const archive::TocEntry> entries) override {
    guarded([&](Statements& with) {
      Transaction all(*db_);
      drop(with, pack);
      with.add_pack.bind(1, pack).bind(2, std::int64_t{0}).bind(3, std::int64_t{0}).run();
      const auto id = db_->last_row();
      std::int64_t first = 0;
      for (const auto& entry : entries) {
        add(with.add_entry, id, entry);
        if (first == 0) first = db_->last_row();
      }
      // ids are handed out in a row within one transaction: that is how a pack is dropped without an index
      // over packs
      with.set_range.bind(1, id).bind(2, first).bind(3, static_cast<std::int64_t>(entries.size())).run();
      all.commit();
    });
  }

  void drop_pack(const std::string& pack) override {
    guarded([&](Statements& with) {
      Transaction all(*db_);
      drop(with, pack);
      all.commit();
    });
  }

  std::optional<archive::Located> find(const codec::Digest& hash) override {
    std::optional<archive::Located> out;
    guarded(
        [&](Statements& with) {
          out.reset();
          Reading reading(with.find);
          with.find.bind(1, prefix_of(hash));
          while (!out && with.find.step()) {
            const auto name = with.find.blob(0);
            if (name.size() == hash.size() && std::equal(name.begin(), name.end(), hash.begin()))
              out = located(with.find, hash);
          }
        },
        [&] { out.reset(); });
    return out;
  }

  void each(const std::function<void(const codec::Digest&, const std::string&)>& found) override {
    // nothing is locked for the caller's sake but this object: `found` must not call back into it
    guarded([&](Statements& with) {
      Reading reading(with.each);
      codec::Digest hash{};
      while (with.each.step()) {
        read_digest(with.each.blob(0), hash);
        found(hash, with.each.text(1));
      }
    });
  }

  std::uint64_t highest_seq(const std::string& account) override {
    std::uint64_t out = 0;
    guarded(
        [&](Statements& with) {
          Reading reading(with.seq);
          with.seq.bind(1, account);
          out = with.seq.step() ? static_cast<std::uint64_t>(with.seq.number(0)) : 0;
        },
        [&] { out = 0; });
    return out;
  }

  void saw_seq(const std::string& account, std::uint64_t seq) override {
    guarded([&](Statements& with) {
      with.set_seq.bind(1, account).bind(2, static_cast<std::int64_t>(seq)).run();
    });
  }

 private:
  // What goes wrong with the file is ours alone: it is emptied, and the answer is "unknown". A file that is
  // merely in use by another process for long is left alone.
  template <class Work, class Forget>
  void guarded(const Work& work, const Forget& forget) {
    std::unique_lock lock(mutex_);
    try {
      work(*statements_);
    } catch (const DbTrouble& trouble) {
      forget();
      if (!trouble.is_busy()) start_over();
    }
  }
  template <class Work>
  void guarded(const Work& work) {
    guarded(work, [] {});
  }

  void open() {
    db_ = open_cache_file(file_, archive_id_);
    try {
      statements_ = std::make_unique<Statements>(*db_);
    } catch (const DbTrouble&) {  // tables of our version that lack a column: damaged after all
      start_over();
    }
  }

  void start_over() {
    statements_.reset();
    db_.reset();
    if (!file_.empty()) forget_cache_file(file_);
    if (++starts_ > 2) file_.clear();  // the disk itself is bad, or full: without a file from here on
    db_ = open_cache_file(file_, archive_id_);
    statements_ = std::make_unique<Statements>(*db_);
  }

  static void drop(Statements& with, const std::string& pack) {
    std::int64_t id = 0, first = 0, count = 0;
    {
      Reading reading(with.pack_of);
      if (!with.pack_of.bind(1, pack).step()) return;
      id = with.pack_of.number(0), first = with.pack_of.number(1), count = with.pack_of.number(2);
    }
    with.drop_entries.bind(1, first).bind(2, first + count).run();
    with.drop_pack.bind(1, id).run();
  }

  static void add(Statement& to, std::int64_t pack, const archive::TocEntry& entry) {
    to.bind(1, prefix_of(entry.hash))
        .bind(2, pack)
        .bind(3, std::span<const std::byte>(entry.hash))
        .bind(4, entry.name);
    to.bind(5, static_cast<std::int64_t>(entry.frame)).bind(6, static_cast<std::int64_t>(entry.at));
    to.bind(7, static_cast<std::int64_t>(entry.size));
    if (entry.is_mail()) {
      // what equals the name before it need not be said twice: most mail is canonical as it came
      const std::span<const std::byte> canonical(entry.canonical.digest), merge(entry.merge.digest);
      if (entry.canonical.digest == entry.hash)
        to.bind_null(8);
      else
        to.bind(8, canonical);
      if (entry.merge.digest == entry.canonical.digest)
        to.bind_null(9);
      else
        to.bind(9, merge);
      to.bind(10, std::span<const std::byte>(entry.header.digest));
      if (entry.key)
        to.bind(11, std::span<const std::byte>(entry.key->digest));
      else
        to.bind_null(11);
      to.bind(12, entry.headline.date).bind(13, entry.headline.from).bind(14, entry.headline.subject);
    } else {
      for (int at = 8; at <= 14; ++at) to.bind_null(at);
    }
    to.run();
  }

  static archive::Located located(const Statement& row, const codec::Digest& hash) {
    archive::Located out;
    out.pack = row.text(1);
    auto& entry = out.entry;
    entry.name = row.text(2);
    entry.frame = static_cast<std::uint64_t>(row.number(3));
    entry.at = static_cast<std::uint64_t>(row.number(4));
    entry.size = static_cast<std::uint64_t>(row.number(5));
    entry.hash = hash;
    if (!entry.is_mail()) return out;
    entry.canonical.digest = hash;
    read_digest(row.blob(6), entry.canonical.digest);
    entry.merge.digest = entry.canonical.digest;
    read_digest(row.blob(7), entry.merge.digest);
    read_digest(row.blob(8), entry.header.digest);
    if (!row.is_null(9)) read_digest(row.blob(9), entry.key.emplace().digest);
    entry.headline = {row.text(10), row.text(11), row.text(12)};
    return out;
  }

  std::mutex mutex_;
  std::filesystem::path file_;
  const std::string archive_id_;
  std::unique_ptr<Db> db_;                  // guarded by mutex_
  std::unique_ptr<Statements> statements_;  // guarded by mutex_
  int starts_ = 0;                          // guarded by mutex_
};

}  // namespace

std::filesystem::path default_cache_file(const std::string& archive_id) {
  std::filesystem::path folder;
  if (const char* given = std::getenv("XDG_CACHE_HOME"); given && *given == '/') {
    folder = given;
  } else if (const char* home = std::getenv("HOME"); home && *home == '/') {
    folder = std::filesystem::path(home) / ".cache";
  }
  return folder.empty() ? folder : folder / "postferry" / (archive_id + ".db");
}

std::unique_ptr<archive::Cache> open_archive_cache(const std::filesystem::path& file,
                                                   const std::string& archive_id) {
  return std::make_unique<ArchiveCache>(file, archive_id);
}

}  // namespace postferry::catalog
