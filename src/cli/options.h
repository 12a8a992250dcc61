#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postferry::cli {

enum class Command { init, backup, snapshots, ls, show, diff, export_, check, run, accounts, config_check, migrate, restore, compare };
enum class When { automatic, always, never };

// The command line as plain data. What a command does not know stays empty.
struct Options {
  Command command = Command::init;
  std::vector<std::string> words;  // the operands, in order

  // everywhere
  bool quiet = false, json = false;
  int verbose = 0;
  When color = When::automatic;
  std::string config_file, log_file, trace_file;

  // what to take
  std::vector<std::string> folder, exclude;
  std::string since, before, max_size;
  std::string snapshot;
  std::vector<std::string> account;
  bool merge = false, only_present = false;

  // reaching a server
  std::vector<std::string> password_command;
  std::string auth_user;
  std::optional<unsigned> connections;
  std::optional<double> timeout, max_wait;
  std::string limit_rate;
  bool allow_plaintext = false;

  // backup and run
  bool dry_run = false, create = false, accept_shrink = false, full = false, all_jobs = false;
  std::string as, codec, catalog;

  // migrate, restore, compare
  std::vector<std::string> to_password_command, map, message;
  std::string under, flags, deleted;
  std::optional<unsigned> delete_after_days, max_deletions;  // of a job alone
  bool seen = false, respect_deletions = false, keep_all = false, repair = false, deep = false;

  // check and export
  bool read_data = false, force = false;
  std::string read_data_subset, format;
};

// What reading the arguments came to: options, or an exit status (help, version, a mistake that has been
// told).
struct Parsed {
  std::optional<int> exit;
  Options options;
};

Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace postferry::cli
