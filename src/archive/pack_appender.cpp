#include "pack_appender.h"

#include <algorithm>
#include <utility>

#include "pack_name.h"
#include "tar.h"

namespace postferry::archive {
namespace {

// Where a pack is full, if not by its entries.
constexpr std::uint64_t pack_limit = 64U << 20U;

// What a kill or a power cut may cost.
constexpr std::uint64_t sync_bytes = 16U << 20U;
constexpr std::chrono::seconds sync_age(10);

constexpr std::size_t tar_end = 1024;  // two blocks of zeros

}  // namespace

PackAppender::PackAppender(BlobStore& store, Clock& clock, const std::filesystem::path& work_folder,
                           codec::Codec codec, PackListener& listener)
    : store_(store),
      clock_(clock),
      listener_(listener),
      codec_(codec),
      compressor_(codec),
      meta_(work_folder) {}

void PackAppender::append(Frame& frame) {
  switch (frame.kind) {
    case Frame::Kind::sync:
      return sync();
    case Frame::Kind::publish:
      return publish();
    case Frame::Kind::meta:
      compressed_ += frame.packed.size();
      meta_.add(frame.packed);
      table_.add_meta(frame);
      break;
    case Frame::Kind::mail:
      compressed_ += frame.packed.size();
      if (unsynced_ == 0) unsynced_since_ = frame.opened;
      unsynced_ += frame.packed.size();
      pending_.insert(pending_.end(), frame.tickets.begin(), frame.tickets.end());
      table_.add_mails(frame, offset_);
      write(frame.packed);
      if (!frame.more) tell_written();
      break;
  }
  if (frame.more) return;  // a large entry is never parted by the end of a pack
  if (is_full()) return publish();
  if (unsynced_ >= sync_bytes) return sync();
  sync_if_due();
}

bool PackAppender::is_full() const {
  return offset_ + meta_.size() >= pack_limit || table_.size() >= TableDraft::entry_limit;
}

void PackAppender::sync_if_due() {
  if (unsynced_ > 0 && clock_.steady() - unsynced_since_ >= sync_age) sync();
}

void PackAppender::tell_written() {
  if (!pending_.empty()) listener_.written(pending_);
  pending_.clear();
}

void PackAppender::write(Bytes bytes) {
  if (!part_) part_ = store_.create(Kind::pack, "pack.part");
  part_->append(bytes);
  hash_.update(bytes);
  offset_ += bytes.size();
}

void PackAppender::sync() {
  if (unsynced_ == 0) return;
  listener_.syncing();
  part_->sync();
  unsynced_ = 0;
}

void PackAppender::publish() {
  if (table_.empty()) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  listener_.syncing();
  table_.place_meta(offset_);
  meta_.drain([&](Bytes bytes) { write(bytes); });
  write(trailer_frame(append_toc(now), codec_));
  const auto name = pack_name(now, hash_.digest(), codec_);
  part_->publish({Kind::pack, name});
  part_.reset();
  hash_ = codec::Sha256();
  offset_ = unsynced_ = 0;
  const auto done = std::exchange(table_, TableDraft());
  listener_.published(name, done.entries(), done.tickets(), done.cost());
}

// The table is an entry of the tar like any other: frames of piece_limit if it is large.
PackTrailer PackAppender::append_toc(std::chrono::sys_seconds now) {
  PackTrailer trailer{.toc_offset = offset_, .body_hash = hash_.digest(), .entries = table_.size()};
  std::uint64_t size = 0;
  table_.lines(now, codec_, [&](std::string_view line) { size += line.size(); });

  codec::Sha256 toc_hash;
  std::vector<std::byte> raw, packed;
  const auto close_frame = [&] {
    packed.clear();
    compressor_.frame(raw, packed);
    trailer.toc_raw += raw.size();
    raw.clear();
    toc_hash.update(packed);
    write(packed);
  };
  const auto fill = [&](Bytes bytes) {
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min(bytes.size(), piece_limit - raw.size()));
      raw.insert(raw.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (raw.size() == piece_limit) close_frame();
    }
  };
  std::vector<std::byte> edge;
  append_tar_header(edge, toc_name(now), size, now.time_since_epoch().count());
  fill(edge);
  table_.lines(now, codec_, [&](std::string_view line) { fill(as_bytes(line)); });
  edge.clear();
  append_tar_padding(edge, size);
  edge.resize(edge.size() + tar_end);
  fill(edge);
  if (!raw.empty()) close_frame();
  trailer.toc_hash = toc_hash.digest();
  trailer.toc_length = offset_ - trailer.toc_offset;
  return trailer;
}

}  // namespace postferry::archive
