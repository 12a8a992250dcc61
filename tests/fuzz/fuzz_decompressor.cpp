// Frames that somebody else made: bounded output, bounded reading, Error or a result.

#include <cstdint>
#include <cstdlib>
#include <span>

#include <postferry/base/error.h>
#include <postferry/codec/compress.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postferry;
  if (size == 0) return 0;
  static codec::Decompressor zstd(codec::Codec::zstd), gzip(codec::Codec::gzip);
  const Bytes frame = std::as_bytes(std::span(data + 1, size - 1));
  constexpr std::uint64_t most = 100000;
  std::vector<std::byte> out;
  try {
    const auto took = (data[0] % 2 == 0 ? zstd : gzip).frame(frame, out, most);
    if (took == 0 || took > frame.size() || out.size() > most) std::abort();
  } catch (const Error& e) {
    if (e.cause != Cause::damaged) std::abort();
  }
  return 0;
}
