#include "cache_file.h"

#include <array>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace postferry::catalog {
namespace {

// SCHEMA.md says what is in the tables. A change of them changes the version; older ones are emptied, for all
// of it can be read from the archive again.
constexpr int schema_version = 1;
constexpr std::uint32_t application = 0x50464341;  // "PFCA", at offset 68 of the file
constexpr std::size_t application_offset = 68;

constexpr const char* tables = R"(
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE packs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, prefix INTEGER NOT NULL, pack INTEGER NOT NULL, hash BLOB NOT NULL, name TEXT NOT NULL,
  frame INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
  canonical BLOB, merge BLOB, header BLOB, key BLOB, date TEXT, sender TEXT, subject TEXT);
CREATE INDEX entries_by_prefix ON entries (prefix);
CREATE TABLE seqs (account TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
)";

enum class Standing { absent, ours, foreign };

Standing standing_of(const std::filesystem::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return Standing::absent;
  if (!S_ISREG(info.st_mode)) return Standing::foreign;
  if (info.st_size == 0) return Standing::absent;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Standing::foreign;
  std::array<unsigned char, 100> head{};
  const auto got = ::pread(descriptor, head.data(), head.size(), 0);
  ::close(descriptor);
  if (got != static_cast<ssize_t>(head.size())) return Standing::foreign;
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) word = word << 8 | head[application_offset + i];
  return std::memcmp(head.data(), "SQLite format 3", 16) == 0 && word == application ? Standing::ours
                                                                                     : Standing::foreign;
}

void make_private(const std::filesystem::path& file) {
  std::error_code ignored;  // whether there is a folder shows at the open below
  const auto folder = file.parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, ignored)) ::chmod(folder.c_str(), 0700);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

// 4 MiB of pages are its share of the program's memory. A rollback journal, no WAL: the cache folder may lie
// on a network disk, where WAL's shared memory does not work.
void configure(Db& db) {
  db.run(
      "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-4096; PRAGMA "
      "temp_store=FILE;"
      "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF");
}

bool is_of(Db& db, const std::string& archive_id) {
  if (db.number("PRAGMA user_version") != schema_version) return false;
  Statement id(db, "SELECT value FROM about WHERE key='archive'");
  if (!id.step() || id.text(0) != archive_id) return false;
  id.reset();
  db.number("SELECT count(*) FROM packs");  // throws if the tables are not there
  return true;
}

void fill(Db& db, const std::string& archive_id) {
  Transaction all(db);
  db.run(tables);
  db.run(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", application, schema_version).c_str());
  Statement about(db, "INSERT INTO about VALUES ('archive', ?1)");
  about.bind(1, archive_id).run();
  all.commit();
}

std::unique_ptr<Db> fresh(const std::filesystem::path& file, const std::string& archive_id) {
  auto db = std::make_unique<Db>(file);
  configure(*db);
  fill(*db, archive_id);
  return db;
}

std::unique_ptr<Db> on_disk(const std::filesystem::path& file, const std::string& archive_id) {
  const auto standing = standing_of(file);
  if (standing == Standing::foreign) {
    std::error_code problem;
    std::filesystem::rename(file, file.native() + ".set-aside", problem);
    if (problem) return nullptr;
  }
  make_private(file);
  if (standing == Standing::ours) {
    try {
      auto db = std::make_unique<Db>(file);
      configure(*db);
      if (is_of(*db, archive_id)) return db;
    } catch (const DbTrouble& trouble) {
      if (trouble.is_busy()) return nullptr;  // in use, and so not to be removed
      /* damaged: emptied below */
    }
    forget_cache_file(file);
    make_private(file);
  }
  try {
    return fresh(file, archive_id);
  } catch (const DbTrouble&) {
    // two processes may make it at once: the other one's is as good
    auto db = std::make_unique<Db>(file);
    configure(*db);
    if (is_of(*db, archive_id)) return db;
    throw;
  }
}

}  // namespace

void forget_cache_file(const std::filesystem::path& file) {
  std::error_code
      ignored;  // what cannot be removed cannot be opened either, and the cache then lives without a file
  for (const char* suffix : {"", "-journal", "-wal", "-shm"})
    std::filesystem::remove(file.native() + suffix, ignored);
}

std::unique_ptr<Db> open_cache_file(const std::filesystem::path& file, const std::string& archive_id) {
  if (!file.empty()) {
    try {
      if (auto db = on_disk(file, archive_id)) return db;
    } catch (const DbTrouble&) { /* read-only folder, full disk: a cache for this run will do */
    }
  }
  return fresh({}, archive_id);
}

}  // namespace postferry::catalog
