#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/engine/job.h>
#include <postferry/engine/release.h>
#include <postferry/net/transcript.h>

#include "exit_status.h"
#include "open_archive.h"
#include "program_state.h"
#include "selection.h"

namespace postferry::cli {

// What all accounts of one backup share.
struct BackupWorld {
  Program& program;
  const Options& options;  // the job's, or the command line's
  OpenArchive* archive;    // null: a dry run into an archive that does not exist yet
  std::filesystem::path path;
  Selection& selection;
  net::Dialer& dialer;
  ByteBudget& budget;
  net::Transcript* transcript;
  bool alone;  // the only account: a --folder that finds nothing is its error
};

struct AccountResult {
  std::string account;
  Exit exit = Exit::failed;
  std::string error{};  // why nothing, or not everything, was carried
  mail::Balance balance{};
  std::uint64_t reflagged = 0, bytes = 0, new_bytes = 0;
  double seconds = 0;
  std::string snapshot{};
  bool complete = false;
  std::optional<engine::ReleaseReport> release{};  // where the job empties its source
};

// Runs one account to its end, whatever that is, and says so: balance, failures. Throws only Cancelled
// (before anything was carried) and ReaderGone.
AccountResult back_up(BackupWorld& world, const config::Account& account, endpoints::Secret secret);
// Signs in, looks, prints the plan, changes nothing.
AccountResult plan_only(BackupWorld& world, const config::Account& account, endpoints::Secret secret);

// The last line of a backup with --json, of one account or of all.
codec::Json summary(const AccountResult& result);
// The status and the words of an Error that ended an account.
void note_error(Program& program, const config::Account& account, const Error& error, AccountResult& result);
void note_error(Program& program, const std::string& account, const std::string& advice, const Error& error,
                AccountResult& result);
// How a run that came to an end ended: 0, 3, 75, 130 or what its error says.
Exit exit_of_report(const engine::Report& report);
void say_failures(Console& console, const engine::Report& report);
engine::Limits limits_of(const Options& options, std::optional<unsigned> connections);
AccountResult total_of(const std::vector<AccountResult>& results, Exit exit);
net::Timeouts timeouts_of(const Options& options);
// --folder that found nothing is an error where it cannot have meant another account; otherwise, as for
// --exclude, a warning.
void check_selection(BackupWorld& world);

}  // namespace postferry::cli
