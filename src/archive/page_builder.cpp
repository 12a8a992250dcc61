#include "page_builder.h"

#include <cassert>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

#include "aligned_ranges.h"

namespace postferry::archive {
namespace {

constexpr std::size_t buffer_bytes = 256U << 10U;

}  // namespace

void ManifestWriter::put(const codec::Digest& hash, const std::string& entry_name, std::string bytes) {
  if (index_.is_known_to_hold(hash) || !written_.insert(hash).second) return;
  packs_.put_meta(entry_name, std::move(bytes));
}

PageBuilder::PageBuilder(std::filesystem::path work_folder, Place place, PackIndex* index)
    : work_folder_(std::move(work_folder)), place_(std::move(place)), index_(index) {}

void PageBuilder::add(const Entry& entry) {
  assert(numbers_.empty() || numbers_.back() < entry.number);
  if (index_ != nullptr && !index_->holds(entry.content.digest)) {
    ++built_.unresolved;
    return;
  }
  numbers_.push_back(entry.number);
  offsets_.push_back(written_ + buffer_.size());
  append_entry_line(buffer_, entry, place_.numbering);
  ++built_.count;
  built_.bytes += entry.size;
  if (entry.presence != Presence::present) ++built_.absent;
  if (buffer_.size() >= buffer_bytes) flush();
}

void PageBuilder::flush() {
  if (!file_) file_.emplace(work_folder_);
  file_->append(as_bytes(buffer_));
  written_ += buffer_.size();
  buffer_.clear();
}

std::string PageBuilder::piece(std::size_t first, std::size_t count) const {
  const auto from = offsets_[first];
  const auto to = first + count < offsets_.size() ? offsets_[first + count] : written_ + buffer_.size();
  std::string out;
  if (from < written_) {
    out.resize(static_cast<std::size_t>(std::min(to, written_) - from));
    if (file_->read_at(from, std::as_writable_bytes(std::span(out.data(), out.size()))) < out.size()) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: a scratch file of this run has been cut short", work_folder_.string()));
    }
  }
  if (to > written_) {
    const auto begin = static_cast<std::size_t>(std::max(from, written_) - written_);
    out += std::string_view(buffer_).substr(begin, static_cast<std::size_t>(to - written_) - begin);
  }
  return out;
}

BuiltFolder PageBuilder::finish(ManifestWriter& manifests, const std::set<codec::Digest>& before) {
  std::vector<PageRef> pages;
  for (const auto& range : aligned_ranges(numbers_, page_entries)) {
    auto text = piece(range.first, range.count);
    const auto hash = codec::Sha256::of(as_bytes(text));
    if (!before.contains(hash)) manifests.put(hash, page_entry_name(hash), std::move(text));
    pages.push_back({range.from, range.bits, static_cast<std::uint32_t>(range.count), hash});
  }
  std::size_t first = 0;
  for (const auto count : cut_shelves(pages)) {
    auto text = write_shelf(place_.account, place_.wire_name, place_.epoch, std::span(pages).subspan(first, count));
    const auto hash = codec::Sha256::of(as_bytes(text));
    if (!before.contains(hash)) manifests.put(hash, shelf_entry_name(hash), std::move(text));
    built_.shelves.push_back(hash);
    first += count;
  }
  return std::move(built_);
}

}  // namespace postferry::archive
