#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/codec/compress.h>

namespace postferry::archive {

// A file of frames, wherever it lies: a pack in a store, a .part on the disk.
struct FrameFile {
  std::string name;  // for error sentences
  std::uint64_t size = 0;
  std::function<void(std::uint64_t from, std::span<std::byte> into)> get;
};

// Frames larger than that are refused (ours have at most 1 MiB); it bounds what a forged pack can cost.
inline constexpr std::uint64_t frame_raw_most = 16U << 20U;

// Decompresses single frames of a FrameFile. Keeps a window of compressed bytes, so that frames read one
// after the other cost one read in ten. One thread.
class FrameReader {
 public:
  enum Use { sequential, random };                                  // how much is read at once
  FrameReader(const FrameFile& file, codec::Codec codec, Use use);  // `file` outlives it

  // The frame at `offset` appended to `out`; returns its length. It must end at `end` at the latest.
  // Error{damaged, message, never} names file and offset; an Error of the file itself passes.
  std::uint64_t read(std::uint64_t offset, std::uint64_t end, std::vector<std::byte>& out);
  // The same where the length is known: reads not a byte more, and demands that the frame has just this
  // length.
  void read_exactly(std::uint64_t offset, std::uint64_t length, std::vector<std::byte>& out);
  // The next place from `offset` on where a frame may begin.
  std::optional<std::uint64_t> find(std::uint64_t offset, std::uint64_t end);
  // What read() and read_exactly() have looked at last, compressed.
  Bytes compressed() const { return last_; }

 private:
  Bytes window(std::uint64_t offset, std::uint64_t length);
  Error damaged(std::uint64_t offset, const std::string& why) const;

  const FrameFile& file_;
  const codec::Codec codec_;
  const std::uint64_t first_, ahead_;
  codec::Decompressor decompressor_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_at_ = 0;
  Bytes last_;
};

}  // namespace postferry::archive
