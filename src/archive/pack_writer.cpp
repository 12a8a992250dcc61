#include "pack_writer.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <postferry/base/error.h>

#include "frame_pipeline.h"
#include "pack_appender.h"
#include "pack_name.h"
#include "tar.h"

namespace postferry::archive {
namespace {

// A frame that has been open for so long goes to the disk half full: a slow source must not leave mail in
// memory.
constexpr std::chrono::seconds frame_age(10);

unsigned compressors() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

TocEntry mail_entry(const std::string& folder, const mail::Digests& digests, std::uint64_t size) {
  TocEntry entry;
  entry.name = fmt::format("{}/{}.eml", folder, to_hex(digests.content.digest));
  entry.size = size;
  entry.hash = digests.content.digest;
  entry.canonical = digests.canonical;
  entry.merge = digests.merge;
  entry.header = digests.header;
  entry.key = digests.match;
  entry.headline = digests.headline;
  return entry;
}

void append(std::vector<std::byte>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Reads exactly `size` bytes onto the end of `to`.
void read_into(std::vector<std::byte>& to, ByteSource& from, std::uint64_t size) {
  auto at = to.size();
  to.resize(at + size);
  while (at < to.size()) {
    const auto got = from.read(std::span(to).subspan(at));
    if (got == 0) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("the spooled message ends {} bytes before its size", to.size() - at));
    }
    at += got;
  }
}

}  // namespace

struct PackWriter::Group {
  Group(BlobStore& store, Clock& the_clock, const std::filesystem::path& work_folder, codec::Codec codec,
        PackListener& listener)
      : clock(the_clock),
        appender(store, clock, work_folder, codec, listener),
        pipeline(codec, compressors(),
                 {.append = [this](Frame& frame) { appender.append(frame); }, .idle = [this] { idle(); }}) {}

  // An entry to be written: small ones from memory or from a source, large ones from a source.
  struct Item {
    TocEntry entry{};
    std::int64_t mtime = 0;
    Frame::Kind kind = Frame::Kind::mail;
    std::uint64_t ticket = 0;
    Bytes memory{};                        // all of it, or
    std::unique_ptr<ByteSource> source{};  // where it comes from
  };

  void put(Item item) {
    const std::lock_guard lock(putting);
    pipeline.rethrow();
    const auto total = tar_header_bytes(item.entry.name, item.entry.size) + tar_padded(item.entry.size);
    if (total > frame_limit) return put_large(item);
    auto& open = item.kind == Frame::Kind::mail ? open_mail : open_meta;
    if (open && open->raw.size() + total > frame_limit) hand_in(open);
    if (!open) open = blank(item.kind, false);
    put_small(item, *open);
    if (item.kind == Frame::Kind::mail && clock.steady() - open->opened >= frame_age) hand_in(open);
  }

  void put_small(Item& item, Frame& frame) {
    const auto before = frame.raw.size();
    append_tar_header(frame.raw, item.entry.name, item.entry.size, item.mtime);
    item.entry.at = frame.raw.size();
    const auto size = item.entry.size;
    try {
      if (item.source) {
        read_into(frame.raw, *item.source, size);
      } else {
        append(frame.raw, item.memory);
      }
    } catch (...) {
      frame.raw.resize(before);  // only this one is refused
      throw;
    }
    append_tar_padding(frame.raw, size);
    frame.entries.push_back(std::move(item.entry));
    if (item.kind == Frame::Kind::mail) frame.tickets.push_back(item.ticket);
  }

  // Frames of its own, one after the other: `putting` keeps all others out, the pipeline keeps the order.
  void put_large(Item& item) {
    const auto kind = item.kind;
    const auto size = item.entry.size;
    auto frame = blank(kind, true);
    append_tar_header(frame->raw, item.entry.name, size, item.mtime);
    item.entry.at = frame->raw.size();
    frame->entries.push_back(std::move(item.entry));
    if (kind == Frame::Kind::mail) frame->tickets.push_back(item.ticket);
    try {
      for (std::uint64_t left = size; left > 0;) {
        if (frame->raw.size() == piece_limit) next_piece(frame);
        const auto part = std::min<std::uint64_t>(left, piece_limit - frame->raw.size());
        if (item.source) {
          read_into(frame->raw, *item.source, part);
        } else {
          append(frame->raw, item.memory.subspan(size - left, part));
        }
        left -= part;
      }
      if (frame->raw.size() + tar_padded(size) - size > piece_limit) next_piece(frame);
      append_tar_padding(frame->raw, size);
      pipeline.hand_in(std::move(frame));
    } catch (...) {
      pipeline.fail(std::current_exception());  // the .part ends in a torn entry: nothing may follow it
      throw;
    }
  }

  void next_piece(std::unique_ptr<Frame>& frame) {
    const auto kind = frame->kind;
    frame->more = true;
    pipeline.hand_in(std::move(frame));
    frame = blank(kind, true);
  }

  std::unique_ptr<Frame> blank(Frame::Kind kind, bool large) {
    auto frame = pipeline.blank(large);
    frame->kind = kind;
    frame->opened = clock.steady();
    return frame;
  }

  void hand_in(std::unique_ptr<Frame>& open) {
    if (open && !open->raw.empty()) pipeline.hand_in(std::move(open));
  }

  void order(Frame::Kind kind) {
    std::uint64_t sequence = 0;
    {
      const std::lock_guard lock(putting);
      hand_in(open_mail);
      if (kind == Frame::Kind::publish) hand_in(open_meta);
      auto frame = std::make_unique<Frame>();
      frame->kind = kind;
      sequence = pipeline.hand_in(std::move(frame));
    }
    pipeline.wait_until_appended(sequence);
  }

  // On the appending thread. It must not wait for a put(), which may be waiting for it.
  void idle() {
    if (const std::unique_lock lock(putting, std::try_to_lock); lock.owns_lock() && open_mail) {
      if (clock.steady() - open_mail->opened >= frame_age) hand_in(open_mail);
    }
    appender.sync_if_due();
  }

  Clock& clock;
  std::mutex putting;  // guards the open frames and the order of pieces
  std::unique_ptr<Frame> open_mail, open_meta;
  PackAppender appender;
  FramePipeline pipeline;  // last: its threads use all the others
};

PackWriter::PackWriter(BlobStore& store, Files&, Clock& clock, std::filesystem::path work_folder,
                       codec::Codec codec, PackListener& listener)
    : group_(std::make_unique<Group>(store, clock, work_folder, codec, listener)) {}

PackWriter::~PackWriter() = default;

void PackWriter::put_mail(std::uint64_t ticket, const std::string& folder, const mail::Digests& digests,
                          const mail::Body& body, std::int64_t mtime) {
  Group::Item item{.entry = mail_entry(folder, digests, body.size()), .mtime = mtime, .ticket = ticket};
  item.memory = body.in_memory();
  if (item.memory.size() != item.entry.size) item.source = body.open();
  group_->put(std::move(item));
}

void PackWriter::put_meta(const std::string& name, std::string bytes) {
  assert(name.starts_with("manifest/") || name.starts_with(".postferry/"));
  Group::Item item{.kind = Frame::Kind::meta};
  item.mtime = std::chrono::floor<std::chrono::seconds>(group_->clock.now()).time_since_epoch().count();
  item.entry.name = name;
  item.entry.size = bytes.size();
  item.entry.hash = hash_in_name(name);
  item.memory = as_bytes(bytes);
  group_->put(std::move(item));
}

void PackWriter::publish() { group_->order(Frame::Kind::publish); }

void PackWriter::sync() { group_->order(Frame::Kind::sync); }

std::uint64_t PackWriter::compressed_bytes() const { return group_->appender.compressed_bytes(); }

}  // namespace postferry::archive
