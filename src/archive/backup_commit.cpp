#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "backup_run.h"
#include "folder_merge.h"
#include "mark_entries.h"
#include "small_blob.h"
#include "snapshot_file.h"

// The end of a run, in the order of FORMAT.md, Writing 3.
namespace postferry::archive {
namespace {

constexpr const char* this_tool = "postferry " POSTFERRY_VERSION;

// Of the packs of a mark(), which hold no mail.
class IndexListener final : public PackListener {
 public:
  explicit IndexListener(PackIndex& index) : index_(index) {}
  void written(std::span<const std::uint64_t>) override {}
  void syncing() override {}
  void published(const std::string& pack, std::span<const TocEntry> entries, std::span<const std::uint64_t>,
                 std::span<const std::uint64_t>) override {
    index_.add(pack, entries);
  }

 private:
  PackIndex& index_;
};

}  // namespace

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
  publish(std::move(snapshot), has_stored, *packs_, *store_);
  packs_.reset();
  folder_.clear();
  return committed().id;
}

void BackupRun::mark(std::span<const Mark> marks) {
  WorkFolder folder(place_.files, place_.path);
  const auto store = folder_store(place_.path, place_.files, folder.path());
  IndexListener listener(place_.index);
  PackWriter packs(*store, place_.files, place_.clock, folder.path(), place_.info.codec, listener);
  ManifestWriter manifests(place_.index, packs);
  auto snapshot = committed();
  snapshot.seq += 1;
  snapshot.previous = committed().id;
  snapshot.end = std::chrono::floor<std::chrono::seconds>(place_.clock.now());
  snapshot.tool = this_tool;
  for (const auto& one : marks) {
    const auto record = std::find_if(snapshot.folders.begin(), snapshot.folders.end(),
                                     [&](const FolderRecord& r) { return r.folder.wire_name == one.wire_name; });
    if (record == snapshot.folders.end()) {
      throw Error(Cause::missing, Blast::run, Retry::never,
                  fmt::format("{}: the last snapshot has no such folder", printable(one.wire_name, 120)));
    }
    mark_entries(*record, one, {place_.index, manifests, folder.path(), run_.account});
  }
  if (manifests.has_written()) packs.sync();
  publish(std::move(snapshot), manifests.has_written(), packs, *store);
  folder.clear();
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
  out.tool = this_tool;
  out.balance = record.balance;
  out.failures = record.failures;
  out.more_failures = record.more_failures;
  return out;
}

void BackupRun::publish(Snapshot snapshot, bool is_embedded, PackWriter& packs, BlobStore& store) {
  const auto listed = place_.index.packs();
  snapshot.packs = list_digest(listed, listed.size());
  snapshot.packs->is_embedded = is_embedded;
  const auto bytes = write_snapshot(snapshot, place_.info.id);
  const auto hash = codec::Sha256::of(as_bytes(bytes));
  if (is_embedded) {
    packs.put_meta(embedded_name(hash), bytes);
    packs.publish();
  }
  // Its name stands behind those of all before it, whatever the clock says: the last name is the last seq.
  auto at = snapshot.end;
  if (const auto last = time_part(latest_.last_name)) at = std::max(at, *last + std::chrono::seconds(1));
  demand_lock();
  snapshot.name = snapshot_name(at, run_.account, hash);
  write_blob(store, {Kind::snapshot, snapshot.name}, "snapshot.part", bytes);
  snapshot.id = to_hex(hash);
  latest_ = {std::move(snapshot), {}, 0};
  latest_.last_name = latest_.snapshot->name;
  latest_.highest_seq = latest_.snapshot->seq;
  if (place_.cache != nullptr) place_.cache->saw_seq(run_.account, latest_.highest_seq);
}

}  // namespace postferry::archive
