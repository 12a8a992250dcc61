#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <postferry/archive/blob_store.h>
#include <postferry/archive/toc.h>
#include <postferry/base/ports.h>
#include <postferry/codec/compress.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// Hears of progress, on the appender's thread; must not call back into the PackWriter.
class PackListener {
 public:
  virtual ~PackListener() = default;
  // These mails lie whole in the .part (not yet synced), in this order. `tickets` are put_mail()'s.
  virtual void written(std::span<const std::uint64_t> tickets) = 0;
  // Just before the .part is synced (every 16 MiB or 10 s): sync what must be as durable (the journal).
  virtual void syncing() = 0;
  // The pack is durable under its name. `entries` has all of its table; `tickets` the mails' in the same
  // order as they lie in it, with the compressed bytes that each costs (its share of its frame).
  virtual void published(const std::string& pack, std::span<const TocEntry> entries,
                         std::span<const std::uint64_t> tickets, std::span<const std::uint64_t> cost) = 0;
};

// Writes packs (FORMAT.md, A pack): collects entries into frames, compresses them in a small group of threads (cores,
// at most 4) and appends them through one appender, which also syncs, rotates (at 64 MiB or 16,384 entries) and
// publishes. put_*() may be called from any thread and block when the group is busy. An error of the group is
// rethrown by every later call. Memory: threads x (compressor + 2 frames of 256 KiB + 1 piece of 1 MiB), the open
// frames, and the table of one pack (about 600 B an entry). Meta-frames beyond 1 MiB wait in a scratch file.
class PackWriter {
 public:
  PackWriter(BlobStore& store, Files& files, Clock& clock, std::filesystem::path work_folder,
             codec::Codec codec, PackListener& listener);
  ~PackWriter();  // stops the threads, abandons what was not published (the .part stays, for salvage)

  // Copies the body out of `body` before it returns. `folder` is the tar path before "/<sha256>.eml"
  // ("mail/<slug>/<words>", tar_path.h); mtime clamped here. The ticket names it to the listener.
  void put_mail(std::uint64_t ticket, const std::string& folder, const mail::Digests& digests,
                const mail::Body& body, std::int64_t mtime);
  // A manifest/ or .postferry/ entry; lies in a meta-frame at the end of the pack that is open when it is
  // published.
  void put_meta(const std::string& name, std::string bytes);
  // Everything put so far is published (nothing put: no pack). Waits.
  void publish();
  // Sync of .part and journal now, without publishing.
  void sync();
  std::uint64_t compressed_bytes() const;  // so far, over all packs

 private:
  struct Group;
  std::unique_ptr<Group> group_;
};

}  // namespace postferry::archive
