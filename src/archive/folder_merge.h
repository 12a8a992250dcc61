#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include <postferry/archive/archive.h>

#include "base_snapshot.h"
#include "page_builder.h"
#include "run_folders.h"

namespace postferry::archive {

// Makes a snapshot's folder of what the last snapshot had and what this run has learnt (FORMAT.md, how a folder got there).
class FolderMerge {
 public:
  struct Tools {
    PackIndex& index;
    BaseSnapshot& base;
    ManifestWriter& manifests;
    std::filesystem::path work_folder;
    const RunInfo& run;
    bool all_resolves = false;  // everything that the last snapshot and this run name is known to be there
    std::function<void(const std::string&)> note;
  };

  explicit FolderMerge(const Tools& tools) : tools_(tools) {}

  // Nothing where the folder has no place in the snapshot.
  std::optional<FolderRecord> folder(FolderDraft& draft);
  // One that the source has no more: only what must be carried for ever stays of it.
  std::optional<FolderRecord> vanished(const FolderRecord& before);

  std::uint64_t unresolved() const { return unresolved_; }

 private:
  FolderRecord unlisted(const FolderDraft& draft, const FolderRecord* before);
  FolderRecord listed(FolderDraft& draft, const FolderRecord* before);
  FolderRecord carried(const mail::Folder& folder, const FolderRecord& before, How how);
  FolderRecord rebuilt(const FolderRecord& before, const std::function<bool(const Entry&)>& stays);
  void take(BuiltFolder built, FolderRecord& into);
  PageBuilder builder(const FolderRecord& record) const;

  Tools tools_;
  std::uint64_t unresolved_ = 0;
};

}  // namespace postferry::archive
