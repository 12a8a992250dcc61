#include "entry_source.h"

#include <algorithm>

#include "pack_scan.h"

namespace postferry::archive {

EntrySource::EntrySource(const FrameFile& file, codec::Codec codec, std::uint64_t end, const TocEntry& entry)
    : file_(file),
      reader_(file, codec, FrameReader::random),
      end_(end),
      entry_(entry),
      offset_(entry.frame),
      left_(entry.size) {}

void EntrySource::next_frame() {
  const bool first = offset_ == entry_.frame;
  raw_.clear();
  try {
    offset_ += reader_.read(offset_, end_, raw_);
  } catch (const Error& why) {
    if (why.cause != Cause::damaged) throw;
    throw lost_entry(file_.name, entry_, why.what());
  }
  at_ = 0;
  if (first) {
    if (entry_.at > raw_.size()) throw lost_entry(file_.name, entry_, "it does not lie where the table says");
    at_ = static_cast<std::size_t>(entry_.at);
  }
}

std::size_t EntrySource::read(std::span<std::byte> into) {
  if (left_ == 0 || into.empty()) return 0;
  while (at_ == raw_.size()) next_frame();
  const auto part =
      static_cast<std::size_t>(std::min<std::uint64_t>({into.size(), raw_.size() - at_, left_}));
  const auto from = Bytes(raw_).subspan(at_, part);
  hash_.update(from);
  left_ -= part;
  if (left_ == 0 && entry_.hash != codec::Digest{} && hash_.digest() != entry_.hash) {
    throw lost_entry(file_.name, entry_, wrong_hash);
  }
  std::copy(from.begin(), from.end(), into.begin());
  at_ += part;
  return part;
}

}  // namespace postferry::archive
