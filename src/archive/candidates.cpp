#include "candidates.h"

#include <algorithm>

#include <postferry/base/error.h>

namespace postferry::archive {
namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

std::uint64_t hash_of(std::chrono::sys_seconds at, std::uint64_t size) {
  return mix(mix(static_cast<std::uint64_t>(at.time_since_epoch().count())) ^ size);
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t out = 0;
  for (const auto c : text) out = mix(out ^ static_cast<unsigned char>(c));
  return out;
}

// As the server tells it, which is what a listing can be compared with.
std::uint64_t told_size(const Entry& entry) { return entry.server_size.value_or(entry.size); }

bool is_twin(const mail::Meta& meta, const Entry& entry) {
  return entry.date && entry.date->at == meta.received->at && told_size(entry) == *meta.size;
}

}  // namespace

void Candidates::index_all() {
  if (is_indexed_) return;
  is_indexed_ = true;
  if (base_.snapshot() == nullptr) return;
  std::uint32_t folder = 0;
  for (const auto& record : base_.snapshot()->folders) {
    pages_.emplace_back(index_, record.shelves);
    pages_.back().each(
        [&](const Entry& entry) {
          if (entry.date) by_date_and_size_.push_back({hash_of(entry.date->at, told_size(entry)), folder, entry.number});
          if (!entry.global_id.empty()) by_global_id_.push_back({hash_of(entry.global_id), folder, entry.number});
        },
        {});  // what cannot be read vouches for nothing
    ++folder;
  }
  std::sort(by_date_and_size_.begin(), by_date_and_size_.end());
  std::sort(by_global_id_.begin(), by_global_id_.end());
}

void Candidates::each_equal(const std::vector<Row>& rows, std::uint64_t hash, const Found& found) {
  const auto [first, last] = std::equal_range(rows.begin(), rows.end(), Row{hash});
  for (auto row = first; row != last; ++row) {
    const auto* entry = pages_[row->folder].find(row->number);
    if (entry != nullptr && !found(*row, *entry)) return;
  }
}

Candidates::Held Candidates::held(const Row& row, const Entry& entry) const {
  const auto& record = base_.snapshot()->folders[row.folder];
  return {record.folder.wire_name, record.uidvalidity, entry};
}

std::optional<std::uint32_t> Candidates::folder_number(const std::string& wire_name) const {
  if (base_.snapshot() == nullptr) return std::nullopt;
  const auto& folders = base_.snapshot()->folders;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (folders[i].folder.wire_name == wire_name) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

void Candidates::absent(const std::string& wire_name, std::span<const std::uint32_t> numbers) {
  const std::lock_guard lock(mutex_);
  const auto folder = folder_number(wire_name);
  if (!folder) return;
  for (const auto number : numbers) absent_.emplace(*folder, number);
}

void Candidates::listed(const std::string& wire_name) {
  const std::lock_guard lock(mutex_);
  if (const auto folder = folder_number(wire_name)) places_.emplace(*folder, Place::listed);
}

void Candidates::renumbered(const std::string& wire_name) {
  const std::lock_guard lock(mutex_);
  if (const auto folder = folder_number(wire_name)) places_[*folder] = Place::renumbered;
}

bool Candidates::is_listed(const std::string& wire_name) {
  const std::lock_guard lock(mutex_);
  const auto folder = folder_number(wire_name);
  return folder && places_.contains(*folder);
}

bool Candidates::has_left(const Row& row) const {
  const auto place = places_.find(row.folder);
  if (place == places_.end()) return !run_.is_declared(base_.snapshot()->folders[row.folder].folder.wire_name);
  return place->second == Place::renumbered || absent_.contains({row.folder, row.number});
}

bool Candidates::has_twin_of(const std::string& wire_name, const mail::Meta& meta) {
  if (!meta.received || !meta.size) return false;
  const std::lock_guard lock(mutex_);
  index_all();
  const auto hash = hash_of(meta.received->at, *meta.size);
  const auto [first, last] = std::equal_range(by_date_and_size_.begin(), by_date_and_size_.end(), Row{hash});
  if (first == last) return false;
  askers_.push_back({hash, mix(hash_of(wire_name) ^ meta.ref.number)});
  return true;
}

// Each once, though it is asked about in both looks.
std::size_t Candidates::count_askers(std::uint64_t hash) {
  if (sorted_askers_ != askers_.size()) {
    std::sort(askers_.begin(), askers_.end());
    askers_.erase(std::unique(askers_.begin(), askers_.end()), askers_.end());
    sorted_askers_ = askers_.size();
  }
  const auto first = std::lower_bound(askers_.begin(), askers_.end(), Asker{hash, 0});
  const auto last = std::upper_bound(first, askers_.end(), Asker{hash, ~std::uint64_t{0}});
  return static_cast<std::size_t>(last - first);
}

bool Candidates::has_header(const Entry& entry, const mail::HeaderId& header, const mail::MatchKey& key) {
  if (!base_.resolves(entry.content)) return false;
  const auto located = index_.locate(entry.content.digest);
  return located && located->entry.header == header && located->entry.key == key;
}

std::optional<Candidates::Held> Candidates::claim(const mail::Meta& meta, const mail::HeaderId& header,
                                                  const std::optional<mail::MatchKey>& key) {
  if (!meta.received || !meta.size || !key) return std::nullopt;
  const std::lock_guard lock(mutex_);
  index_all();
  const auto hash = hash_of(meta.received->at, *meta.size);
  std::optional<Held> out;
  std::optional<mail::ContentId> content;
  Row row_of_out;
  bool is_single = true, is_stale = false;
  std::size_t left = 0, there = 0;
  each_equal(by_date_and_size_, hash, [&](const Row& row, const Entry& entry) {
    if (!is_twin(meta, entry) || !has_header(entry, header, *key)) return true;
    is_single = content.value_or(entry.content) == entry.content;
    content = entry.content;
    if (!has_left(row)) {
      ++there;
    } else {
      ++left;
      is_stale = is_stale || base_.snapshot()->folders[row.folder].how != How::listed;
      if (!out && !claimed_.contains({row.folder, row.number})) out = held(row, entry), row_of_out = row;
    }
    return is_single;
  });
  if (!out || !is_single || count_askers(hash) > left) return std::nullopt;
  // A run that did not reach the folder it left may have seen it arrive elsewhere already.
  if (is_stale && there > 0) return std::nullopt;
  claimed_.emplace(row_of_out.folder, row_of_out.number);
  return out;
}

std::optional<Candidates::Held> Candidates::with_global_id(const std::string& global_id) {
  if (global_id.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  index_all();
  std::optional<Held> out;
  each_equal(by_global_id_, hash_of(global_id), [&](const Row& row, const Entry& entry) {
    // one that was itself recognised by its header is no better than that
    if (entry.global_id != global_id || entry.header_evidence || !base_.resolves(entry.content)) return true;
    out = held(row, entry);
    return false;
  });
  return out;
}

}  // namespace postferry::archive
