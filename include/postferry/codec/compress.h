#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <postferry/base/bytes.h>

namespace postferry::codec {

enum class Codec { zstd, gzip };

std::string_view extension(Codec codec);  // "zst", "gz"

// Makes independent frames: zstd frames (RFC 8878; level 3, content size and checksum on, window at most
// 8 MiB, no dictionary) or gzip members (RFC 1952; no name, mtime 0). One thread owns it; keeps its tables between frames.
class Compressor {
 public:
  explicit Compressor(Codec codec, int level = 0);  // 0: the codec's usual level (zstd 3, gzip 6)
  ~Compressor();

  // Appends one whole frame of `raw` to `out`.
  void frame(Bytes raw, std::vector<std::byte>& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Undoes one frame at a time. One thread owns it.
class Decompressor {
 public:
  explicit Decompressor(Codec codec);
  ~Decompressor();

  // Decompresses the one frame that `frame` begins with and appends its bytes to `out`; returns how many bytes
  // of `frame` it took (skippable zstd frames and empty members count, and give nothing). Error{damaged, message,
  // never} if the frame is broken, cut, or would pass `most` bytes. `out` may then hold a part; never trust it.
  std::size_t frame(Bytes frame, std::vector<std::byte>& out, std::uint64_t most);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postferry::codec
