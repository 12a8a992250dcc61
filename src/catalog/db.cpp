#include "db.h"

#include <sqlite3.h>

namespace postferry::catalog {
namespace {

constexpr int busy_milliseconds = 5000;

}  // namespace

bool DbTrouble::is_busy() const { return (code & 0xFF) == SQLITE_BUSY || (code & 0xFF) == SQLITE_LOCKED; }

Db::Db(const std::filesystem::path& file) {
  const int code = sqlite3_open_v2(file.c_str(), &handle_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    const std::string why = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    sqlite3_close(handle_);
    throw DbTrouble(code, why);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, busy_milliseconds);
}

Db::~Db() { sqlite3_close(handle_); }

void Db::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw DbTrouble(code, sqlite3_errmsg(handle_));
}

std::int64_t Db::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

std::int64_t Db::last_row() const { return sqlite3_last_insert_rowid(handle_); }

Statement::Statement(Db& db, const char* sql) : db_(db) {
  const int code = sqlite3_prepare_v3(db.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) throw DbTrouble(code, sqlite3_errmsg(db.handle()));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw DbTrouble(code, sqlite3_errmsg(db_.handle()));
}

Statement& Statement::bind(int at, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, at, value));
  return *this;
}

// SQLite takes a null pointer for NULL; an empty text is none.
Statement& Statement::bind(int at, std::string_view text) {
  check(sqlite3_bind_text64(statement_, at, text.empty() ? "" : text.data(), text.size(), nullptr,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int at, std::span<const std::byte> blob) {
  check(sqlite3_bind_blob64(statement_, at, blob.empty() ? "" : static_cast<const void*>(blob.data()),
                            blob.size(), nullptr));
  return *this;
}

Statement& Statement::bind_null(int at) {
  check(sqlite3_bind_null(statement_, at));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const std::string why = sqlite3_errmsg(db_.handle());
  sqlite3_reset(statement_);
  throw DbTrouble(code, why);
}

// The code it returns is that of the last step, which has been thrown already.
void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
  const auto bytes = blob(column);
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  const auto size = sqlite3_column_bytes(statement_, column);
  return data ? std::span<const std::byte>(data, static_cast<std::size_t>(size))
              : std::span<const std::byte>();
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Transaction::Transaction(Db& db) : db_(db) { db_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    db_.run("ROLLBACK");
  } catch (const DbTrouble&) { /* SQLite has rolled back by itself already, or the file is gone: nothing is
                                  kept either way */
  }
}

void Transaction::commit() {
  db_.run("COMMIT");
  open_ = false;
}

}  // namespace postferry::catalog
