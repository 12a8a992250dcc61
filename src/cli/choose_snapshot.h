#pragma once

#include <string>
#include <vector>

#include <postferry/archive/archive.h>

#include "program_state.h"
#include "selection.h"

namespace postferry::cli {

struct Chosen {
  std::vector<archive::Snapshot> snapshots;
  bool damaged = false;  // a snapshot file could not be read (said on stderr): exit 5
};

std::string short_id(const archive::Snapshot& snapshot);

// All snapshots of the accounts that --account names (all accounts without it), by account and seq.
// Error{config} with the list if --account matches none.
Chosen all_snapshots(Program& program, const archive::Archive& archive);

// One for each account: `word` is latest (or empty), an id's beginning, or a date. An id that fits several,
// or none, is Error{config} with the list; so is a date before the first one.
Chosen choose_snapshots(Program& program, const archive::Archive& archive, const std::string& word);

// Error{config} for a --folder that finds no folder in any of them; asked before anything is printed or
// written.
void need_folders(const std::vector<archive::Snapshot>& snapshots, Selection& selection);

// For commands that need one account, or --merge. Error{config} with the list of accounts.
void need_one_account(const std::vector<archive::Snapshot>& snapshots, bool merge);

// "imap:me@host (home)"
std::string account_label(const archive::Snapshot& snapshot);
// Says on stderr that a snapshot is not the whole account, and why.
void say_if_incomplete(Program& program, const archive::Snapshot& snapshot);

}  // namespace postferry::cli
