#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <postferry/archive/toc.h>
#include <postferry/base/ports.h>
#include <postferry/codec/sha256.h>

#include "frame_reader.h"

namespace postferry::archive {

// The bytes of one entry, frame by frame. The read() that would give the last of them throws
// Error{damaged, message, never} if they do not have the hash of the entry's name.
class EntrySource final : public ByteSource {
 public:
  // `file` outlives it; the entry's frames end at `end` at the latest.
  EntrySource(const FrameFile& file, codec::Codec codec, std::uint64_t end, const TocEntry& entry);
  std::size_t read(std::span<std::byte> into) override;

 private:
  void next_frame();

  const FrameFile& file_;
  FrameReader reader_;
  const std::uint64_t end_;
  TocEntry entry_;
  std::uint64_t offset_, left_;
  std::vector<std::byte> raw_;
  std::size_t at_ = 0;
  codec::Sha256 hash_;
};

}  // namespace postferry::archive
