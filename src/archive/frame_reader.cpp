#include "frame_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace postferry::archive {
namespace {

// Any frame of ours lies within `usual`: 1 MiB that did not compress, and its edges.
constexpr std::uint64_t usual = (1U << 20U) + (64U << 10U);
constexpr std::uint64_t small = 272U << 10U;  // a frame of small entries that did not compress
constexpr std::uint64_t largest = frame_raw_most + (1U << 20U);

constexpr std::array zstd_magic{std::byte{0x28}, std::byte{0xB5}, std::byte{0x2F}, std::byte{0xFD}};
constexpr std::array gzip_magic{std::byte{0x1F}, std::byte{0x8B}, std::byte{0x08}};

}  // namespace

FrameReader::FrameReader(const FrameFile& file, codec::Codec codec, Use use)
    : file_(file),
      codec_(codec),
      first_(use == sequential ? usual : small),
      ahead_(use == sequential ? 3 * usual : small),
      decompressor_(codec) {}

Error FrameReader::damaged(std::uint64_t offset, const std::string& why) const {
  return {Cause::damaged, Blast::message, Retry::never,
          fmt::format("{}: the frame at byte {} is damaged ({})", file_.name, offset, why)};
}

// `length` bytes from `offset`; valid until the next call.
Bytes FrameReader::window(std::uint64_t offset, std::uint64_t length) {
  const auto buffer_end = buffer_at_ + buffer_.size();
  if (offset >= buffer_at_ && offset + length <= buffer_end) {
    return Bytes(buffer_).subspan(offset - buffer_at_, length);
  }
  const auto wanted = std::min(std::max(length, ahead_), file_.size - offset);
  std::size_t kept = 0;
  if (offset >= buffer_at_ && offset < buffer_end) {
    kept = buffer_end - offset;
    std::copy(buffer_.end() - static_cast<std::ptrdiff_t>(kept), buffer_.end(), buffer_.begin());
  }
  buffer_.resize(wanted);
  buffer_at_ = offset;
  try {
    file_.get(offset + kept, std::span(buffer_).subspan(kept));
  } catch (...) {
    buffer_.clear();
    throw;
  }
  return Bytes(buffer_).first(length);
}

std::uint64_t FrameReader::read(std::uint64_t offset, std::uint64_t end, std::vector<std::byte>& out) {
  end = std::min(end, file_.size);
  if (offset >= end) throw damaged(offset, "nothing is there");
  const auto had = out.size();
  for (auto most = first_;; most = most < usual ? usual : largest) {
    const auto length = std::min(most, end - offset);
    last_ = window(offset, length);
    try {
      const auto took = decompressor_.frame(last_, out, frame_raw_most);
      last_ = last_.first(took);
      return took;
    } catch (const Error& why) {
      out.resize(had);
      // a frame of a writer that makes them larger is only cut by our window
      if (length == end - offset || most == largest) throw damaged(offset, why.what());
    }
  }
}

void FrameReader::read_exactly(std::uint64_t offset, std::uint64_t length, std::vector<std::byte>& out) {
  if (length > largest || offset > file_.size || length > file_.size - offset) {
    throw damaged(offset, "it would lie beyond the end");
  }
  buffer_.resize(length);
  buffer_at_ = offset;
  try {
    file_.get(offset, buffer_);
  } catch (...) {
    buffer_.clear();
    throw;
  }
  last_ = buffer_;
  std::uint64_t took = 0;
  try {
    took = decompressor_.frame(last_, out, frame_raw_most);
  } catch (const Error& why) {
    throw damaged(offset, why.what());
  }
  if (took != length) throw damaged(offset, fmt::format("{} bytes long instead of {}", took, length));
}

std::optional<std::uint64_t> FrameReader::find(std::uint64_t offset, std::uint64_t end) {
  const Bytes magic = codec_ == codec::Codec::zstd ? Bytes(zstd_magic) : Bytes(gzip_magic);
  end = std::min(end, file_.size);
  while (offset + magic.size() <= end) {
    const auto bytes = window(offset, std::min(usual, end - offset));
    const auto at = std::search(bytes.begin(), bytes.end(), magic.begin(), magic.end());
    if (at != bytes.end()) return offset + static_cast<std::uint64_t>(at - bytes.begin());
    offset += bytes.size() - magic.size() + 1;
  }
  return std::nullopt;
}

}  // namespace postferry::archive
