#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <postferry/archive/archive.h>
#include <postferry/base/ports.h>

#include "entry_line.h"

namespace postferry::archive {

// A line for each message that a run has fetched, so that after a kill it is not fetched again (FORMAT.md, Writing). What
// stands there counts only while its content resolves. Any thread.
class Journal {
 public:
  static constexpr const char* file_name = "journal.jsonl";

  Journal(Files& files, Clock& clock, const std::filesystem::path& work_folder, const mail::AccountId& account,
          std::uint64_t pid_started);

  void add(const std::string& wire_name, const std::string& epoch, const Entry& entry, Numbering numbering);
  void flush();  // to the file: what only this process knew outlives it now
  void sync();
  // At most ten seconds of it are lost to a kill.
  void sync_if_due();

 private:
  void flush_locked();
  void sync_locked();

  Clock& clock_;
  std::mutex mutex_;  // guards all below
  std::unique_ptr<OpenFile> file_;
  std::string buffer_;
  std::map<std::pair<std::string, std::string>, std::size_t> folders_;
  std::chrono::steady_clock::time_point synced_;
  bool is_dirty_ = false;
};

struct JournalHead {
  mail::AccountId account;
  std::uint64_t pid_started = 0;
};

// Nothing if there is no journal, or not even its first line.
std::optional<JournalHead> read_journal_head(const Files& files, const std::filesystem::path& work_folder);

// Every whole line; what a kill has torn is passed over.
using JournalFound = std::function<void(const std::string& wire_name, const std::string& epoch, Entry entry)>;
void read_journal(const Files& files, const std::filesystem::path& work_folder, const JournalFound& found);

}  // namespace postferry::archive
