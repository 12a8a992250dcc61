#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/archive/toc.h>
#include <postferry/codec/compress.h>

#include "pack_frame.h"

namespace postferry::archive {

// What the open pack holds, until its table of contents can be written.
class TableDraft {
 public:
  // A pack with so many is full, so that the table of one full of small mails stays within some 10 MiB of memory. The
  // frame that fills it may bring some more.
  static constexpr std::size_t entry_limit = 16384;

  // A compressed frame of mails that lies at `offset`. Takes the frame's entries.
  void add_mails(Frame& frame, std::uint64_t offset);
  // A meta-frame. Where it will lie is known only at the end of the pack.
  void add_meta(Frame& frame);
  // The meta-frames lie from `base` on, in the order in which they came: now entries() is right.
  void place_meta(std::uint64_t base);

  bool empty() const { return frames_.empty() && meta_frames_.empty(); }
  std::size_t size() const { return entries_.size() + meta_entries_.size(); }
  const std::vector<TocEntry>& entries() const { return entries_; }
  const std::vector<std::uint64_t>& tickets() const { return tickets_; }
  const std::vector<std::uint64_t>& cost() const { return cost_; }

  // The table's lines, in order, each with its line end; the same again at every call.
  void lines(std::chrono::sys_seconds time, codec::Codec codec,
             const std::function<void(std::string_view)>& line) const;

 private:
  struct Placed {
    TocFrame frame;
    std::size_t entries = 0;  // that begin in it
  };

  void share_cost(const Frame& frame);

  std::vector<Placed> frames_, meta_frames_;
  std::vector<TocEntry> entries_, meta_entries_;
  std::vector<std::uint64_t> tickets_, cost_;  // of the mails, in order
  std::uint64_t meta_length_ = 0;
};

}  // namespace postferry::archive
