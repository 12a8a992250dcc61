#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <postferry/archive/archive.h>

#include "pack_index.h"

namespace postferry::archive {

// The last snapshot of an account, and how far it can still be believed. Any thread.
class BaseSnapshot {
 public:
  // `note` is told once if something that the snapshot names is gone.
  BaseSnapshot(PackIndex& index, std::optional<Snapshot> snapshot, PackIndex::Note note = {});

  const Snapshot* snapshot() const { return snapshot_ ? &*snapshot_ : nullptr; }
  const FolderRecord* find(const std::string& wire_name) const;
  bool has_entries() const;

  // No pack has vanished since it was written: everything it names is there.
  bool is_sound() const { return is_sound_; }
  bool resolves(const mail::ContentId& content) const { return is_sound_ || index_.holds(content.digest); }
  // Every shelf, page and content of this folder is there. Cheap if is_sound(); else its pages are walked, once.
  bool is_whole(const FolderRecord& record);

 private:
  bool no_pack_has_vanished();
  bool walk(const FolderRecord& record);

  PackIndex& index_;
  const std::optional<Snapshot> snapshot_;
  std::map<std::string, const FolderRecord*> folders_;
  const PackIndex::Note note_;
  bool is_sound_ = false;
  std::mutex mutex_;
  std::map<std::string, bool> whole_;  // guarded by mutex_
  bool told_ = false;                  // guarded by mutex_
};

// The last snapshot of an account and what follows from it for the next one.
struct Latest {
  std::optional<Snapshot> snapshot;
  std::string last_name;               // of all files of this account
  std::uint64_t highest_seq = 0;       // also of files that cannot be read, as far as their number tells
};

// By seq. Usually one file is read: our snapshots are named so that their names follow their seq, and the number of files
// (present or forgotten) then proves it; else all of the account's are read. A file that cannot be read is told to `note`
// and looked for in the packs, which hold the same bytes; so is one that the cache remembers and nobody else does.
// Error{config, run, never} if one is of a newer format.
Latest latest_snapshot(PackIndex& index, const mail::AccountId& account, Cache* cache, const PackIndex::Note& note);

// One snapshot file, its hash compared with its name. Error{damaged, run, never} or {config, run, never}.
Snapshot load_snapshot(const BlobStore& store, const std::string& name);

}  // namespace postferry::archive
