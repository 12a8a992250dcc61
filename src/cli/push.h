#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <postferry/engine/push.h>
#include <postferry/mail/source.h>

#include "backup_account.h"
#include "secrets.h"

namespace postferry::cli {

// Mail that is to be put into an account: a mailbox or a snapshot.
struct PushSource {
  std::string account;    // for people, and for the events
  std::string ledger_id;  // under which the push ledger knows it
  std::function<std::unique_ptr<mail::MailSource>(const std::filesystem::path& work_folder)> open;
  const config::Account* signs_in = nullptr;  // null: a snapshot
  bool has_flags = true;                      // POP3 lists none
  engine::FolderFilter folders{};             // beside the selection
  std::function<bool()> damaged{};            // after the run: the archive could not give something back
};

// Bodies on their way, bytes. More than a backup's: each is held until the server has answered for its whole batch, and
// nothing is compressed.
constexpr std::size_t push_budget = 16u << 20;

// What all sources of one command share.
struct PushTask {
  Program& program;
  const Options& options;
  const config::Account& to;
  net::Dialer& dialer;
  ByteBudget& budget;
  net::Transcript* transcript;
  std::function<std::string(const config::Account&)> reveal;
  engine::FlagRule usual_flags = engine::FlagRule::merge;
};

// One after the other into the same account; each runs to its end, whatever that is, and says so.
std::vector<AccountResult> push_all(PushTask& task, const std::vector<PushSource>& sources);

// Of `migrate` and of a job whose `to` is an account. check_migration looks at the words alone.
std::vector<AccountResult> migrate_accounts(Program& program, const Options& options);
void check_migration(const Program& program, const Options& options);

// --map and --under. Error{config} for what cannot be read.
engine::MappingRules mapping_rules(const Options& options);
// The account that mail goes to: Error{config} for one that cannot be written to.
config::Account find_destination(const std::string& word, const Program& program, const Options& options);
// The summary of several sources, and the status of them all.
Exit finish_push(Program& program, const std::vector<AccountResult>& results);

endpoints::Tools tools_of(const PushTask& task, const std::filesystem::path& work_folder);

}  // namespace postferry::cli
