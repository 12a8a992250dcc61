#include "entry_spill.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

namespace postferry::archive {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10U;

}  // namespace

std::size_t EntrySpill::add(const Entry& entry, std::uint32_t key) {
  const auto before = buffer_.size();
  append_entry_line(buffer_, entry, numbering_);
  index_.push_back({key, static_cast<std::uint32_t>(buffer_.size() - before), written_ + before});
  if (buffer_.size() >= buffer_bytes) flush();
  return index_.size() - 1;
}

void EntrySpill::flush() {
  if (!file_) file_.emplace(folder_);
  file_->append(as_bytes(buffer_));
  written_ += buffer_.size();
  buffer_.clear();
}

void EntrySpill::sort() {
  const auto by_key = [](const Place& a, const Place& b) { return a.key < b.key; };
  if (!std::is_sorted(index_.begin(), index_.end(), by_key)) std::stable_sort(index_.begin(), index_.end(), by_key);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < index_.size(); ++i) {
    if (i + 1 < index_.size() && index_[i + 1].key == index_[i].key) continue;
    index_[kept++] = index_[i];
  }
  index_.resize(kept);
}

Entry EntrySpill::at(std::size_t i) const {
  const auto& place = index_[i];
  std::string line(place.length, '\0');
  if (place.offset >= written_) {
    line = buffer_.substr(place.offset - written_, place.length);
  } else {
    const auto got = file_->read_at(place.offset, std::as_writable_bytes(std::span(line.data(), line.size())));
    if (got < line.size()) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: a scratch file of this run has been cut short", folder_.string()));
    }
  }
  line.pop_back();
  auto entry = read_entry_line(line);
  assert(entry);  // we wrote it
  return std::move(*entry);
}

std::optional<std::size_t> EntrySpill::find(std::uint32_t key) const {
  const auto at = std::lower_bound(index_.begin(), index_.end(), key, [](const Place& p, std::uint32_t k) { return p.key < k; });
  if (at == index_.end() || at->key != key) return std::nullopt;
  return static_cast<std::size_t>(at - index_.begin());
}

void EntrySpill::clear() {
  index_.clear(), index_.shrink_to_fit();
  buffer_.clear(), buffer_.shrink_to_fit();
  file_.reset();
  written_ = 0;
}

}  // namespace postferry::archive
