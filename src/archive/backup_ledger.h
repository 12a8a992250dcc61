#pragma once

#include <memory>
#include <string>

#include <postferry/archive/archive.h>
#include <postferry/mail/ledger.h>

#include "base_snapshot.h"
#include "candidates.h"
#include "run_folders.h"
#include "salvage.h"

namespace postferry::archive {

// What the lanes of a run share to judge by.
struct Holdings {
  PackIndex& index;
  BaseSnapshot& base;
  Candidates& candidates;
  RunFolders& run;
  SalvagedEntries& salvaged;  // sorted; only what resolves
  bool full = false;          // what is held by header evidence alone is wanted

  bool is_empty() const { return !base.has_entries() && salvaged.empty() && !run.has_global_ids(); }
  // The entry as an answer, unless its content has vanished, or it is to be fetched in full.
  std::optional<mail::Known> known(const mail::Meta& meta, const Entry& entry) const;
};

// The last snapshot as the ledger of a backup (FORMAT.md, Writing 5), and what was salvaged. Any thread; a LaneLedger one.
class BackupLedger final : public mail::Ledger {
 public:
  explicit BackupLedger(Holdings& holdings) : holdings_(holdings) {}

  std::string token(const mail::Folder& folder) override;
  std::uint64_t held_count(const mail::Folder& folder) override;
  void listed(const mail::Folder& folder) override;
  bool shrank(const mail::Folder& folder, const mail::FolderState& now) override;
  std::unique_ptr<mail::LaneLedger> open(const mail::Folder& folder, mail::Span span, const mail::FolderState& now) override;

 private:
  const FolderRecord* renamed_from(const mail::Folder& folder, const mail::FolderState& now) const;

  Holdings& holdings_;
};

// IMAP: a merge join of the folder's pages with the listing, one page in memory. `record`: of this folder in this epoch, or
// null; `renamed_from`: the folder that seems to have become this one, or null.
std::unique_ptr<mail::LaneLedger> uid_lane(Holdings& holdings, const mail::Folder& folder, mail::Span span,
                                           const std::string& epoch, const FolderRecord* record,
                                           const FolderRecord* renamed_from);
// POP3: by UIDL, and by size where the server has told it before.
std::unique_ptr<mail::LaneLedger> uidl_lane(Holdings& holdings, const mail::Folder& folder, const FolderRecord* record);

}  // namespace postferry::archive
