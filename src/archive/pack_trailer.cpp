#include "pack_trailer.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace postferry::archive {
namespace {

constexpr std::string_view magic = "PFTRAIL1";

// CRC-32 of ISO 3309 (as gzip and PNG have it); a trailer is too short for a table to pay.
std::uint32_t crc32(Bytes bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const auto byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

template <class Number>
void put(std::vector<std::byte>& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xFFU));
}

template <class Number>
Number take(Bytes& from) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value |= static_cast<Number>(std::to_integer<Number>(from[i]) << (8 * i));
  }
  from = from.subspan(sizeof value);
  return value;
}

codec::Digest take_digest(Bytes& from) {
  codec::Digest out;
  std::copy_n(from.begin(), out.size(), out.begin());
  from = from.subspan(out.size());
  return out;
}

std::vector<std::byte> plain(const PackTrailer& trailer) {
  std::vector<std::byte> out;
  out.reserve(trailer_bytes);
  const auto word = as_bytes(magic);
  out.insert(out.end(), word.begin(), word.end());
  put(out, trailer.toc_offset);
  put(out, trailer.toc_length);
  put(out, trailer.toc_raw);
  out.insert(out.end(), trailer.toc_hash.begin(), trailer.toc_hash.end());
  out.insert(out.end(), trailer.body_hash.begin(), trailer.body_hash.end());
  put(out, trailer.entries);
  put(out, trailer.flags);
  put(out, crc32(out));
  return out;
}

// RFC 8878 3.1.2: magic, then the length.
constexpr std::array<unsigned char, 8> zstd_before{0x5E, 0x2A, 0x4D, 0x18, trailer_bytes, 0, 0, 0};
// RFC 1952: magic, deflate, FEXTRA, mtime 0, XFL 0, OS unknown; XLEN; subfield "PF" and its length.
constexpr std::array<unsigned char, 16> gzip_before{
    0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 116, 0, 'P', 'F', trailer_bytes, 0};
// An empty final block with fixed codes; CRC-32 and length of nothing.
constexpr std::array<unsigned char, 10> gzip_after{3, 0, 0, 0, 0, 0, 0, 0, 0, 0};

Bytes before(codec::Codec codec) {
  if (codec == codec::Codec::zstd) return std::as_bytes(std::span(zstd_before));
  return std::as_bytes(std::span(gzip_before));
}

Bytes after(codec::Codec codec) {
  if (codec == codec::Codec::zstd) return {};
  return std::as_bytes(std::span(gzip_after));
}

}  // namespace

std::size_t trailer_frame_bytes(codec::Codec codec) {
  return before(codec).size() + trailer_bytes + after(codec).size();
}

std::vector<std::byte> trailer_frame(const PackTrailer& trailer, codec::Codec codec) {
  std::vector<std::byte> out(before(codec).begin(), before(codec).end());
  const auto inner = plain(trailer);
  out.insert(out.end(), inner.begin(), inner.end());
  out.insert(out.end(), after(codec).begin(), after(codec).end());
  return out;
}

std::optional<PackTrailer> read_trailer(Bytes end, std::uint64_t pack_size, codec::Codec codec) {
  const auto length = trailer_frame_bytes(codec);
  if (end.size() < length) return std::nullopt;
  end = end.last(length);
  Bytes from = end.subspan(before(codec).size(), trailer_bytes).subspan(magic.size());
  PackTrailer out;
  out.toc_offset = take<std::uint64_t>(from);
  out.toc_length = take<std::uint64_t>(from);
  out.toc_raw = take<std::uint64_t>(from);
  out.toc_hash = take_digest(from);
  out.body_hash = take_digest(from);
  out.entries = take<std::uint64_t>(from);
  out.flags = take<std::uint32_t>(from);
  // what it says, written again, must be what is there: this looks at every bit, the frame round it too
  const auto again = trailer_frame(out, codec);
  if (!std::equal(again.begin(), again.end(), end.begin())) return std::nullopt;
  const std::uint64_t before_trailer = pack_size - length;
  if (out.toc_offset > before_trailer || out.toc_length != before_trailer - out.toc_offset)
    return std::nullopt;
  return out;
}

}  // namespace postferry::archive
