#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <postferry/archive/blob_store.h>
#include <postferry/archive/toc.h>
#include <postferry/base/error.h>
#include <postferry/codec/compress.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// What was found wrong with a pack, and where; the rest of it is read all the same.
using PackTrouble = std::function<void(const Error&)>;

// One pack, for reading. The constructor reads the last 64 KiB: trailer, and usually TOC and pages. If trailer or TOC
// are bad or missing it says so and walks the frames; it never refuses the pack. One thread.
class PackReader {
 public:
  PackReader(const BlobStore& store, std::string pack_name, PackTrouble trouble);
  ~PackReader();

  const std::string& name() const;
  bool walked() const;  // the table was rebuilt from the tar
  // In the order of the tar. Streams: memory does not grow with the pack.
  void each(const std::function<void(const TocEntry&)>& found) const;
  void frames(const std::function<void(const TocFrame&)>& found) const;
  // The exact bytes of an entry that each() gave (also one from a cache), small ones.
  std::string bytes(const TocEntry& entry) const;   // Error{damaged, message, never}
  // Any size, streamed frame by frame; reading past damage throws.
  std::unique_ptr<ByteSource> open(const TocEntry& entry) const;
  // Reads every frame whole, re-hashes every entry against its name, compares trailer, TOC and tar.
  // `damaged` gets the entries that are lost; `good` those that are whole (may be null).
  void verify(const std::function<void(const TocEntry&, const Error&)>& damaged,
              const std::function<void(const TocEntry&)>& good) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whole entries of a .part file that a killed run left (no TOC, no trailer, perhaps a torn last frame): each re-hashed,
// only good mails are told, with a body that can be read during the call.
void salvage_part(const std::filesystem::path& part, const Files& files, codec::Codec codec,
                  const std::function<void(const TocEntry&, const mail::Digests&, const mail::Body&, std::int64_t mtime)>& good);

}  // namespace postferry::archive
