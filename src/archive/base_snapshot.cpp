#include "base_snapshot.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "folder_pages.h"
#include "snapshot_file.h"

namespace postferry::archive {
namespace {

std::optional<codec::Digest> digest_of(const std::string& hex) {
  const auto bytes = from_hex(hex);
  codec::Digest out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace

BaseSnapshot::BaseSnapshot(PackIndex& index, std::optional<Snapshot> snapshot, PackIndex::Note note)
    : index_(index), snapshot_(std::move(snapshot)), note_(std::move(note)) {
  if (!snapshot_) return;
  for (const auto& record : snapshot_->folders) folders_.emplace(record.folder.wire_name, &record);
  is_sound_ = no_pack_has_vanished();
}

const FolderRecord* BaseSnapshot::find(const std::string& wire_name) const {
  const auto found = folders_.find(wire_name);
  return found == folders_.end() ? nullptr : found->second;
}

bool BaseSnapshot::has_entries() const {
  return snapshot_ && std::any_of(snapshot_->folders.begin(), snapshot_->folders.end(),
                                  [](const FolderRecord& record) { return record.count > 0; });
}

bool BaseSnapshot::no_pack_has_vanished() {
  if (!snapshot_->packs) return false;
  const auto& then = *snapshot_->packs;
  const auto now = index_.packs();
  // names begin with their time: what has come since stands behind
  if (now.size() < then.count || list_digest(now, then.count).digest != then.digest) return false;
  if (!then.is_embedded) return true;
  const auto id = digest_of(snapshot_->id);
  return id && std::any_of(now.begin() + static_cast<std::ptrdiff_t>(then.count), now.end(),
                           [&](const std::string& pack) { return index_.pack_holds(pack, *id); });
}

bool BaseSnapshot::is_whole(const FolderRecord& record) {
  if (is_sound_) return true;
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = whole_.try_emplace(record.folder.wire_name, false);
  if (is_new) {
    known->second = walk(record);
    if (!known->second && note_ && !std::exchange(told_, true)) {
      note_(fmt::format("{}: packs of the last backup are missing or damaged ({} for one); what is missing is fetched again if "
                        "the source still has it, and `postferry check` names what is not",
                        index_.store().where(), printable(mail::join_path(record.folder.path))));
    }
  }
  return known->second;
}

bool BaseSnapshot::walk(const FolderRecord& record) {
  bool whole = true;
  std::uint64_t count = 0;
  FolderPages pages(index_, record.shelves);
  pages.each(
      [&](const Entry& entry) {
        ++count;
        whole = whole && index_.holds(entry.content.digest);
      },
      [&](const Error&) { whole = false; });
  return whole && count == record.count;
}

}  // namespace postferry::archive
