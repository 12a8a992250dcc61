#include <algorithm>

#include <postferry/base/bytes.h>

#include "backup_run.h"
#include "folder_merge.h"
#include "small_blob.h"
#include "snapshot_file.h"

// The end of a run, in the order of FORMAT.md, Writing 3.
namespace postferry::archive {

std::string BackupRun::commit(const mail::RunRecord& record, std::uint64_t& unresolved) {
  flush();
  const bool all_there = list_and_compare();
  demand_lock();

  auto snapshot = draft_snapshot(record);
  ManifestWriter manifests(place_.index, *packs_);
  unresolved = 0;
  snapshot.folders = merge(manifests, all_there && (base_->snapshot() == nullptr || base_->is_sound()), unresolved);
  unresolved_ = unresolved;
  snapshot.complete = record.complete && unresolved == 0;

  bool has_stored = manifests.has_written();
  {
    const std::lock_guard lock(published_mutex_);
    has_stored = has_stored || !published_.empty();
  }
  if (has_stored) packs_->sync();  // what rotates a pack has done so, and the list is complete
  auto id = publish(snapshot, has_stored);

  if (place_.cache != nullptr) place_.cache->saw_seq(run_.account, snapshot.seq);
  packs_.reset();
  folder_.clear();
  return id;
}

// Whether every pack that was there at the beginning, or was published by this run, still is.
bool BackupRun::list_and_compare() {
  const auto now = place_.index.list();
  const auto is_listed = [&](const std::string& pack) { return std::binary_search(now.begin(), now.end(), pack); };
  const std::lock_guard lock(published_mutex_);
  return std::all_of(packs_at_begin_.begin(), packs_at_begin_.end(), is_listed) &&
         std::all_of(published_.begin(), published_.end(), is_listed);
}

std::vector<FolderRecord> BackupRun::merge(ManifestWriter& manifests, bool all_resolves, std::uint64_t& unresolved) {
  FolderMerge merge({place_.index, *base_, manifests, folder_.path(), run_, all_resolves,
                     place_.note ? place_.note : [](const std::string&) {}});
  std::vector<FolderRecord> out;
  for (auto& [wire_name, draft] : folders_.drafts()) {
    if (auto record = merge.folder(draft)) out.push_back(std::move(*record));
    draft.entries.clear(), draft.newcomers.clear();
  }
  const auto* before = base_->snapshot();
  if (before != nullptr) {
    for (const auto& record : before->folders) {
      if (folders_.drafts().contains(record.folder.wire_name)) continue;
      if (auto rest = merge.vanished(record)) out.push_back(std::move(*rest));
    }
  }
  unresolved = merge.unresolved();
  return out;
}

Snapshot BackupRun::draft_snapshot(const mail::RunRecord& record) const {
  Snapshot out;
  out.account = run_.account;
  out.nickname = run_.nickname;
  out.endpoint = run_.endpoint;
  out.selection = record.selection;
  out.seq = latest_.highest_seq + 1;
  if (base_->snapshot() != nullptr) out.previous = base_->snapshot()->id;
  out.start = record.start;
  out.end = record.end;
  out.tool = "postferry " POSTFERRY_VERSION;
  out.balance = record.balance;
  out.failures = record.failures;
  out.more_failures = record.more_failures;
  return out;
}

std::string BackupRun::publish(Snapshot& snapshot, bool is_embedded) {
  const auto packs = place_.index.packs();
  snapshot.packs = list_digest(packs, packs.size());
  snapshot.packs->is_embedded = is_embedded;
  const auto bytes = write_snapshot(snapshot, place_.info.id);
  const auto hash = codec::Sha256::of(as_bytes(bytes));
  if (is_embedded) {
    packs_->put_meta(embedded_name(hash), bytes);
    packs_->publish();
  }
  // Its name stands behind those of all before it, whatever the clock says: the last name is the last seq.
  auto at = snapshot.end;
  if (const auto last = time_part(latest_.last_name)) at = std::max(at, *last + std::chrono::seconds(1));
  demand_lock();
  write_blob(*store_, {Kind::snapshot, snapshot_name(at, run_.account, hash)}, "snapshot.part", bytes);
  return to_hex(hash);
}

}  // namespace postferry::archive
