#include "run_folders.h"

#include <algorithm>
#include <cassert>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

namespace postferry::archive {
namespace {

Prefix name_of_global_id(const std::string& global_id) { return prefix_of(codec::Sha256::of(as_bytes(global_id))); }

}  // namespace

FolderDraft& RunFolders::draft(const mail::Folder& folder) {
  const auto [found, is_new] = drafts_.try_emplace(folder.wire_name, folder, work_folder_);
  if (is_new) numbered_.push_back(&found->second);
  return found->second;
}

void RunFolders::declare(const mail::Folder& folder, bool is_selected) {
  const std::lock_guard lock(mutex_);
  auto& one = draft(folder);
  one.folder = folder;
  one.is_selected = is_selected;
}

void RunFolders::repeat(const mail::Folder& folder) {
  const std::lock_guard lock(mutex_);
  auto& one = draft(folder);
  one.folder = folder;
  one.is_repeated = true;
}

void RunFolders::begin(const mail::Folder& folder, const mail::FolderState& state, std::chrono::sys_seconds now) {
  const std::lock_guard lock(mutex_);
  auto& one = draft(folder);
  if (one.is_begun) return;
  one.folder = folder;
  one.is_begun = true;
  one.state = state;
  one.listed_at = now;
}

void RunFolders::span_done(const mail::Folder& folder, mail::Span span) {
  const std::lock_guard lock(mutex_);
  draft(folder).reached.push_back(span);
}

void RunFolders::folder_done(const mail::Folder& folder, const mail::FolderEnd& end) {
  const std::lock_guard lock(mutex_);
  draft(folder).end = end;
}

void RunFolders::add(const mail::Folder& folder, const Entry& entry, bool is_newcomer, std::uint32_t place) {
  const std::lock_guard lock(mutex_);
  auto& one = draft(folder);
  if (is_newcomer) {
    one.newcomers.add(entry, place);
    return;
  }
  const auto index = one.entries.add(entry);
  if (entry.global_id.empty() || entry.header_evidence) return;
  const auto number = std::find(numbered_.rbegin(), numbered_.rend(), &one);
  assert(number != numbered_.rend());
  by_global_id_.add(name_of_global_id(entry.global_id),
                    {static_cast<std::uint32_t>(numbered_.rend() - number - 1), static_cast<std::uint32_t>(index)});
}

void RunFolders::want_again(const std::string& wire_name, std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = drafts_.find(wire_name);
  if (found != drafts_.end()) found->second.wanted_again.push_back(number);
}

bool RunFolders::is_declared(const std::string& wire_name) const {
  const std::lock_guard lock(mutex_);
  return drafts_.contains(wire_name);
}

bool RunFolders::has_global_ids() const {
  const std::lock_guard lock(mutex_);
  return by_global_id_.size() > 0;
}

std::optional<Entry> RunFolders::with_global_id(const std::string& global_id) const {
  if (global_id.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto* place = by_global_id_.find(name_of_global_id(global_id));
  if (place == nullptr) return std::nullopt;
  return numbered_[place->folder]->entries.at(place->index);
}

}  // namespace postferry::archive
