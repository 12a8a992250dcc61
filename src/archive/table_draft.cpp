#include "table_draft.h"

#include <iterator>

#include "tar.h"
#include "toc_lines.h"

namespace postferry::archive {
namespace {

// Growing by doubling would hold all of them twice for a moment. Memory that is not used is only an address.
constexpr std::size_t usual_entries = TableDraft::entry_limit + TableDraft::entry_limit / 8;

void move_entries(Frame& frame, std::uint64_t offset, std::vector<TocEntry>& into) {
  for (auto& entry : frame.entries) {
    entry.frame = offset;
    into.push_back(std::move(entry));
  }
}

TocFrame placed_at(const Frame& frame, std::uint64_t offset) {
  return {.offset = offset, .length = frame.packed.size(), .raw = frame.raw.size()};
}

}  // namespace

void TableDraft::add_mails(Frame& frame, std::uint64_t offset) {
  frames_.push_back({placed_at(frame, offset), frame.entries.size()});
  share_cost(frame);
  tickets_.insert(tickets_.end(), frame.tickets.begin(), frame.tickets.end());
  if (entries_.empty()) entries_.reserve(usual_entries);
  move_entries(frame, offset, entries_);
}

// Each mail pays for its frame by its share of the raw bytes; the last one takes what rounding leaves.
void TableDraft::share_cost(const Frame& frame) {
  if (frame.entries.empty()) {
    cost_.back() += frame.packed.size();  // the same large mail goes on
    return;
  }
  std::uint64_t raw = 0, left = frame.packed.size();
  for (const auto& entry : frame.entries) raw += tar_block + tar_padded(entry.size);
  for (std::size_t i = 0; i < frame.entries.size(); ++i) {
    const bool last = i + 1 == frame.entries.size();
    const auto share =
        last ? left : frame.packed.size() * (tar_block + tar_padded(frame.entries[i].size)) / raw;
    cost_.push_back(share);
    left -= share;
  }
}

void TableDraft::add_meta(Frame& frame) {
  meta_frames_.push_back({placed_at(frame, meta_length_), frame.entries.size()});
  move_entries(frame, meta_length_, meta_entries_);
  meta_length_ += frame.packed.size();
}

void TableDraft::place_meta(std::uint64_t base) {
  for (auto& placed : meta_frames_) placed.frame.offset += base;
  for (auto& entry : meta_entries_) entry.frame += base;
  std::move(meta_frames_.begin(), meta_frames_.end(), std::back_inserter(frames_));
  std::move(meta_entries_.begin(), meta_entries_.end(), std::back_inserter(entries_));
  meta_frames_.clear();
  meta_entries_.clear();
}

void TableDraft::lines(std::chrono::sys_seconds time, codec::Codec codec,
                       const std::function<void(std::string_view)>& line) const {
  std::string text;
  const auto give = [&] {
    line(text);
    text.clear();
  };
  append_toc_head(text, time, codec);
  give();
  auto entry = entries_.begin();
  for (const auto& placed : frames_) {
    append_toc_frame(text, placed.frame);
    for (std::size_t i = 0; i < placed.entries; ++i) append_toc_entry(text, *entry++);
    give();
  }
}

}  // namespace postferry::archive
