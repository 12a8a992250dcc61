#include "pack_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "entry_source.h"
#include "frame_reader.h"
#include "pack_name.h"
#include "pack_scan.h"
#include "pack_toc.h"
#include "pack_trailer.h"
#include "pack_verify.h"

namespace postferry::archive {
namespace {

constexpr std::uint64_t tail_most =
    64U << 10U;  // one read usually gets trailer, table, and a nightly pack's pages

}  // namespace

struct PackReader::State {
  State(const BlobStore& the_store, std::string name, PackTrouble the_trouble)
      : store(the_store), trouble(std::move(the_trouble)), codec(codec_of_pack(name)) {
    file.name = std::move(name);
    file.size = store.size({Kind::pack, file.name});
    file.get = [this](std::uint64_t from, std::span<std::byte> into) { get(from, into); };
    tail_at = file.size - std::min(file.size, tail_most);
    tail.resize(static_cast<std::size_t>(file.size - tail_at));
    store.get({Kind::pack, file.name}, tail_at, tail);
    trailer = read_trailer(tail, file.size, codec);
    if (!trailer) {
      walked = true;
      tell("its trailer is damaged or missing; the table of contents is made anew from the frames");
    } else if (trailer->toc_offset >= tail_at) {
      look_at_table();
    }
  }

  void get(std::uint64_t from, std::span<std::byte> into) const {
    if (from >= tail_at && from + into.size() <= file.size) {
      std::copy_n(tail.begin() + static_cast<std::ptrdiff_t>(from - tail_at), into.size(), into.begin());
    } else {
      store.get({Kind::pack, file.name}, from, into);
    }
  }

  void tell(const std::string& why) const {
    if (trouble)
      trouble({Cause::damaged, Blast::message, Retry::never, fmt::format("{}: {}", file.name, why)});
  }

  // Whether it can be used; asked before its first use, so that reading one message does not read all of it.
  void look_at_table() {
    if (walked || table_seen) return;
    table_seen = true;
    if (const auto why = why_not_toc(file, codec, *trailer)) {
      walked = true;
      tell(fmt::format("its table of contents {}; it is made anew from the frames", *why));
    }
  }

  std::uint64_t end_of_frames() const { return trailer ? trailer->toc_offset : file.size; }

  // Damage is told at the first walk only, unless `hears` wants it.
  void scan(PackScan::Hears hears) {
    const bool first = !std::exchange(told, true);
    hears.trouble = [this, first](const Error& why) {
      if (first && trouble) trouble(why);
    };
    if (!hears.damaged) {
      hears.damaged = [this, first](const TocEntry&, const Error& why) {
        if (first && trouble) trouble(why);
      };
    }
    PackScan visitor(file.name, std::move(hears));
    walk(file, codec, end_of_frames(), visitor);
  }

  // The frame that a small entry lies in, kept for the next one.
  Bytes frame_at(std::uint64_t offset) {
    if (!frame_offset || *frame_offset != offset) {
      frame_offset.reset();
      frame.clear();
      if (!reader) reader.emplace(file, codec, FrameReader::random);
      reader->read(offset, end_of_frames(), frame);
      frame_offset = offset;
    }
    return frame;
  }

  const BlobStore& store;
  const PackTrouble trouble;
  const codec::Codec codec;
  FrameFile file;
  std::vector<std::byte> tail;
  std::uint64_t tail_at = 0;
  std::optional<PackTrailer> trailer;
  bool walked = false, table_seen = false, told = false;

  std::optional<FrameReader> reader;
  std::optional<std::uint64_t> frame_offset;
  std::vector<std::byte> frame;
};

PackReader::PackReader(const BlobStore& store, std::string pack_name, PackTrouble trouble)
    : state_(std::make_unique<State>(store, std::move(pack_name), std::move(trouble))) {}

PackReader::~PackReader() = default;

const std::string& PackReader::name() const { return state_->file.name; }

bool PackReader::walked() const {
  state_->look_at_table();
  return state_->walked;
}

void PackReader::each(const std::function<void(const TocEntry&)>& found) const {
  if (walked()) {
    state_->scan({.good = [&](const PackScan::Entry& entry) { found(entry.line); }});
  } else {
    read_toc(state_->file, state_->codec, *state_->trailer, {}, [&](TocEntry& entry) { found(entry); });
  }
}

void PackReader::frames(const std::function<void(const TocFrame&)>& found) const {
  if (walked()) {
    state_->scan({.frame = found});
  } else {
    read_toc(state_->file, state_->codec, *state_->trailer, found, {});
  }
}

std::string PackReader::bytes(const TocEntry& entry) const {
  std::string out;
  if (entry.size == 0) return out;
  try {
    const auto frame = state_->frame_at(entry.frame);
    if (entry.at <= frame.size() && entry.size <= frame.size() - entry.at) {
      const auto bytes =
          frame.subspan(static_cast<std::size_t>(entry.at), static_cast<std::size_t>(entry.size));
      if (entry.hash != codec::Digest{} && codec::Sha256::of(bytes) != entry.hash) {
        throw lost_entry(name(), entry, wrong_hash);
      }
      return std::string(as_text(bytes));
    }
  } catch (const Error& why) {
    if (why.cause != Cause::damaged || std::string_view(why.what()).ends_with(wrong_hash)) throw;
    throw lost_entry(name(), entry, why.what());
  }
  const auto source = open(entry);
  std::vector<std::byte> piece(64U << 10U);
  while (const auto got = source->read(piece)) out += as_text(Bytes(piece).first(got));
  return out;
}

std::unique_ptr<ByteSource> PackReader::open(const TocEntry& entry) const {
  return std::make_unique<EntrySource>(state_->file, state_->codec, state_->end_of_frames(), entry);
}

void PackReader::verify(const std::function<void(const TocEntry&, const Error&)>& damaged,
                        const std::function<void(const TocEntry&)>& good) const {
  if (walked()) {
    state_->told = false;
    state_->scan({.good =
                      [&](const PackScan::Entry& entry) {
                        if (good) good(entry.line);
                      },
                  .damaged = damaged});
    return;  // trailer or table have been told of: that its name's hash is wrong is no news
  }
  verify_by_table(state_->file, state_->codec, *state_->trailer, state_->trouble, damaged, good);
}

}  // namespace postferry::archive
