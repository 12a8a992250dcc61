#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/codec/compress.h>
#include <postferry/codec/sha256.h>

namespace postferry::archive {

// The last bytes of a pack (FORMAT.md, Trailer): where its table of contents lies, and what all hashes to.
struct PackTrailer {
  std::uint64_t toc_offset = 0, toc_length = 0, toc_raw = 0;
  codec::Digest toc_hash{};   // of the compressed table
  codec::Digest body_hash{};  // of bytes 0 to toc_offset
  std::uint64_t entries = 0;  // lines of entries in the table
  std::uint32_t flags = 0;    // none is defined yet
};

inline constexpr std::size_t trailer_bytes = 112;

// With the frame round it: 120 bytes (a skippable zstd frame) or 138 (an empty gzip member).
std::size_t trailer_frame_bytes(codec::Codec codec);
std::vector<std::byte> trailer_frame(const PackTrailer& trailer, codec::Codec codec);

// The trailer that `end` (the last bytes of a pack of `pack_size`) ends in; nothing unless every bit of it is
// right.
std::optional<PackTrailer> read_trailer(Bytes end, std::uint64_t pack_size, codec::Codec codec);

}  // namespace postferry::archive
