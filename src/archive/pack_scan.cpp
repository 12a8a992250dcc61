#include "pack_scan.h"

#include <utility>

#include <fmt/format.h>
#include <postferry/base/text.h>

#include "pack_frame.h"
#include "pack_name.h"

namespace postferry::archive {

void take_digests(TocEntry& entry, const mail::Digests& digests) {
  entry.canonical = digests.canonical;
  entry.merge = digests.merge;
  entry.header = digests.header;
  entry.key = digests.match;
  entry.headline = digests.headline;
}

Error lost_entry(const std::string& pack, const TocEntry& entry, const std::string& why) {
  return {Cause::damaged, Blast::message, Retry::never,
          fmt::format("{}: {}: {}", pack, printable(entry.name), why)};
}

void PackScan::frame(const TocFrame& frame) {
  if (hears_.frame) hears_.frame(frame);
}

void PackScan::begin(const TarHead& head, std::uint64_t frame, std::uint64_t at) {
  entry_ = Entry{};
  entry_.line.name = head.path;
  entry_.line.frame = frame;
  entry_.line.at = at;
  entry_.line.size = head.size;
  entry_.line.hash = hash_in_name(head.path);
  entry_.mtime = head.mtime;
}

void PackScan::bytes(Bytes piece) {
  if (entry_.line.is_mail()) {
    digester_.update(piece);
    if (hears_.keep_small && entry_.line.size <= frame_limit) {
      entry_.bytes.insert(entry_.bytes.end(), piece.begin(), piece.end());
    }
  } else {
    hash_.update(piece);
  }
}

void PackScan::end(bool whole) {
  auto& line = entry_.line;
  codec::Digest found{};
  if (line.is_mail()) {
    entry_.digests = digester_.finish();
    take_digests(line, entry_.digests);
    found = entry_.digests.content.digest;
  } else {
    found = std::exchange(hash_, codec::Sha256()).digest();
  }
  const bool nameless = !line.is_mail() && line.hash == codec::Digest{};
  if (whole && (nameless || found == line.hash)) {
    if (hears_.good) hears_.good(entry_);
  } else if (hears_.damaged) {
    hears_.damaged(line, lost_entry(pack_, line, whole ? wrong_hash : "a part of it is lost"));
  }
}

void PackScan::trouble(const Error& why) {
  if (hears_.trouble) hears_.trouble(why);
}

}  // namespace postferry::archive
