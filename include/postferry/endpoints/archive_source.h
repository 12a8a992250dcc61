#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <postferry/archive/archive.h>
#include <postferry/base/byte_budget.h>
#include <postferry/mail/source.h>

namespace postferry::endpoints {

// What of a snapshot is read.
struct ArchiveReading {
  bool only_present = false;                             // not what the server held no more
  std::function<bool(const archive::Entry&)> wanted{};   // empty: everything
  std::filesystem::path work_folder{};                   // for spooled bodies
  std::function<void()> damaged{};                       // told, from any thread, when the archive cannot give something back
};

// The account that a snapshot's mail is known under in a push ledger. Not that of the account itself: what was migrated
// from the server and what is restored from an archive have each their own past.
std::string ledger_id(const archive::ArchiveInfo& archive, const archive::Snapshot& snapshot);

// One snapshot of an archive as a mailbox. What the archive cannot give back whole is told as failed, never passed over:
// a message by its name, a lost page by an error of its folder. `archive` and `budget` outlive it.
std::unique_ptr<mail::MailSource> archive_source(const archive::Archive& archive, archive::Snapshot snapshot,
                                                 ArchiveReading reading, ByteBudget& budget);

}  // namespace postferry::endpoints
