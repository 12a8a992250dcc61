#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace postferry::catalog {

// SQLite said no. Stays inside this module: a cache has no failures to tell.
class DbTrouble : public std::runtime_error {
 public:
  DbTrouble(int c, const std::string& what) : std::runtime_error(what), code(c) {}
  bool is_busy() const;  // another process holds it: nothing is wrong with it
  int code;
};

class Statement;

// One connection. One thread at a time.
class Db {
 public:
  // Empty: a nameless temporary database that spills to disk.
  explicit Db(const std::filesystem::path& file);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  void run(const char* sql);
  std::int64_t number(const char* sql);  // the first column of the first row; 0 if there is none
  std::int64_t last_row() const;
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

// A prepared statement, kept for reuse. Parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Db& db, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Text and blobs are borrowed until the next reset().
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, std::span<const std::byte> blob);
  Statement& bind_null(int at);
  bool step();  // true: a row is there
  void reset();
  void run() { step(), reset(); }

  std::int64_t number(int column) const;
  std::string text(int column) const;
  std::span<const std::byte> blob(int column) const;  // until the next step or reset
  bool is_null(int column) const;

 private:
  void check(int code) const;
  Db& db_;
  sqlite3_stmt* statement_ = nullptr;
};

// Resets on the way out, also when something is thrown: a statement left in mid-read holds a lock.
class Reading {
 public:
  explicit Reading(Statement& statement) : statement_(statement) {}
  ~Reading() { statement_.reset(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Statement& statement_;
};

// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Db& db);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Db& db_;
  bool open_ = true;
};

}  // namespace postferry::catalog
