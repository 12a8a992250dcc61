#include <utility>
#include <vector>

#include <postferry/base/text.h>

#include "entry_source.h"
#include "pack_reader.h"
#include "pack_scan.h"

namespace postferry::archive {
namespace {

// A mail of the .part: a large one is decompressed again for whoever wants its bytes.
class PartBody final : public mail::Body {
 public:
  PartBody(const FrameFile& file, codec::Codec codec, const PackScan::Entry& entry)
      : file_(file), codec_(codec), entry_(entry) {}
  std::uint64_t size() const override { return entry_.line.size; }
  std::span<const std::byte> in_memory() const override { return entry_.bytes; }
  std::unique_ptr<ByteSource> open() const override {
    return std::make_unique<EntrySource>(file_, codec_, file_.size, entry_.line);
  }

 private:
  const FrameFile& file_;
  const codec::Codec codec_;
  const PackScan::Entry& entry_;
};

}  // namespace

void salvage_part(const std::filesystem::path& part, const Files& files, codec::Codec codec,
                  const std::function<void(const TocEntry&, const mail::Digests&, const mail::Body&,
                                           std::int64_t mtime)>& good) {
  FrameFile file;
  file.name = printable(part.string());
  file.size = files.size(part);
  file.get = [&](std::uint64_t from, std::span<std::byte> into) { files.read_range(part, from, into); };
  // what is torn or damaged is simply not there: it will be fetched again
  PackScan::Hears hears{.keep_small = true};
  hears.good = [&](const PackScan::Entry& entry) {
    if (entry.line.is_mail()) good(entry.line, entry.digests, PartBody(file, codec, entry), entry.mtime);
  };
  PackScan visitor(file.name, std::move(hears));
  walk(file, codec, file.size, visitor);
}

}  // namespace postferry::archive
