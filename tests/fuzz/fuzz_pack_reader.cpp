#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/error.h>

#include "archive/pack_reader.h"
#include "archive/pack_trailer.h"
#include "archive/tar.h"
#include "support/memory_store.h"

namespace {

using namespace postferry;
using namespace postferry::archive;

// A pack of nothing but a table that says `lines`, with a trailer that vouches for it.
std::string pack_with_table(std::string_view lines, codec::Codec codec) {
  std::vector<std::byte> raw, packed;
  append_tar_header(raw, ".postferry/20261124T040742Z-00000000.toc.jsonl", lines.size(), 0);
  const auto bytes = as_bytes(lines);
  raw.insert(raw.end(), bytes.begin(), bytes.end());
  append_tar_padding(raw, lines.size());
  codec::Compressor(codec).frame(raw, packed);
  const PackTrailer trailer{.toc_length = packed.size(),
                            .toc_raw = raw.size(),
                            .toc_hash = codec::Sha256::of(packed),
                            .body_hash = codec::Sha256::of({})};
  return std::string(as_text(packed)).append(as_text(trailer_frame(trailer, codec)));
}

}  // namespace

// Any bytes as a pack, or as a pack's table of contents: read by the table and by walking, verified, and some
// entries opened. Only Error may come out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string name = "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar.";
  const auto codec = (data[0] & 1U) != 0 ? codec::Codec::gzip : codec::Codec::zstd;
  const auto pack = name + std::string(codec::extension(codec));
  const auto text = as_text(std::as_bytes(std::span(data + 1, size - 1)));
  test::MemoryStore store;
  store.put(pack, (data[0] & 2U) != 0 ? pack_with_table("{\"pack\":1}\n" + std::string(text), codec)
                                      : std::string(text));
  const auto ignore = [](const Error&) {};
  try {
    const PackReader reader(store, pack, ignore);
    reader.frames([](const TocFrame&) {});
    unsigned left = 8;
    reader.each([&](const TocEntry& entry) {
      if (left == 0 || entry.size > 1U << 20U) return;
      --left;
      try {
        reader.bytes(entry);
      } catch (const Error&) {
        // damaged, and said so
      }
    });
    reader.verify([](const TocEntry&, const Error&) {}, [](const TocEntry&) {});
  } catch (const Error&) {
    // likewise
  }
  return 0;
}
