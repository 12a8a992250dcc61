#pragma once

#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/codec/json.h>

#include "options.h"

namespace postferry::cli {

// Who reads our stdout has gone away (`| head`). Not an Error: nothing failed.
class ReaderGone final : public std::exception {
 public:
  const char* what() const noexcept override { return "the reader of our output has gone"; }
};

// Data on stdout, talk on stderr, the log beside them. Any thread.
class Console {
 public:
  explicit Console(const Options& options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Data. A reader that has gone away is ReaderGone, once; with keep_going() it is no news (a backup goes
  // on).
  void line(std::string_view text);
  void bytes(Bytes data);
  void json(const codec::Json& object);  // only with --json
  void flush();                          // Error{storage} if the data could not be written
  void keep_going() { keep_going_ = true; }

  // Talk; said(): not with -q, detail(): only with -v. Each goes to the log, too.
  void said(std::string_view text);
  void detail(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);
  void note_in_log(std::string_view level, std::string_view text);

  // The one line at the bottom of a terminal that is written over; empty: away with it.
  void status(const std::string& text);

  bool is_json() const { return json_; }
  bool quiet() const { return quiet_; }
  int verbose() const { return verbose_; }
  bool shows_progress() const { return progress_; }
  std::size_t width() const;  // of the terminal, 80 if it does not say

 private:
  void talk(std::string_view text);  // mutex_ held
  void log(std::string_view level, std::string_view text);
  void write_out();  // mutex_ held
  std::string colored(const char* code, std::string_view text) const;

  std::mutex mutex_;
  std::string out_;     // guarded by mutex_
  std::string status_;  // guarded by mutex_
  std::FILE* log_ = nullptr;
  bool json_, quiet_, color_ = false, progress_ = false, live_ = false;
  bool keep_going_ = false, gone_ = false;
  int verbose_;
};

}  // namespace postferry::cli
