#include "pack_walk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pack_name.h"

namespace postferry::archive {
namespace {

class Walk {
 public:
  Walk(const FrameFile& file, codec::Codec codec, std::uint64_t end, PackVisitor& visitor)
      : file_(file),
        reader_(file, codec, FrameReader::sequential),
        end_(std::min(end, file.size)),
        visitor_(visitor) {}

  void run() {
    while (offset_ < end_ && !at_toc_) {
      raw_.clear();
      std::uint64_t length = 0;
      try {
        length = reader_.read(offset_, end_, raw_);
      } catch (const Error& why) {
        if (why.cause != Cause::damaged) throw;
        lose(why);
        continue;
      }
      take_frame(length);
      offset_ += length;
    }
    end_entry(false);
  }

 private:
  // Goes on at the next place that looks like a frame; tells of one damage once.
  void lose(const Error& why) {
    if (!searching_) visitor_.trouble(why);
    searching_ = astray_ = true;
    end_entry(false);
    offset_ = reader_.find(offset_ + 1, end_).value_or(end_);
  }

  void take_frame(std::uint64_t length) {
    searching_ = false;
    if (raw_.empty()) return;  // the trailer
    Bytes raw = raw_;
    const bool continues = in_entry_;
    std::uint64_t at = take_entry_bytes(raw);
    if (!continues && is_toc(raw)) {
      at_toc_ = true;
      return;
    }
    visitor_.frame({.offset = offset_, .length = length, .raw = raw_.size()});
    while (at < raw_.size() && take_entry(at)) {
    }
  }

  static bool is_toc(Bytes raw) {
    TarHead head;
    return read_tar_header(raw, head) == TarRead::entry && is_toc_name(head.path);
  }

  // One entry, or a block of zeros. False: the rest of this frame is no tar.
  bool take_entry(std::uint64_t& at) {
    TarHead head;
    const auto rest = Bytes(raw_).subspan(at);
    switch (read_tar_header(rest, head)) {
      case TarRead::zeros:
        at += tar_block;
        return true;
      case TarRead::entry:
        break;
      default:
        // after a lost frame these are pieces of the large entry that began in it
        if (!astray_) {
          visitor_.trouble(
              {Cause::damaged, Blast::message, Retry::never,
               fmt::format("{}: the frame at byte {} holds no tar at {}", file_.name, offset_, at)});
        }
        return false;
    }
    astray_ = false;
    at += head.header_bytes;
    in_entry_ = true;
    left_ = head.size;
    padding_ = tar_padded(head.size) - head.size;
    visitor_.begin(head, offset_, at);
    at += take_entry_bytes(Bytes(raw_).subspan(at));
    return true;
  }

  // Bytes of the entry that is open, and its padding; returns how many.
  std::uint64_t take_entry_bytes(Bytes raw) {
    if (!in_entry_) return 0;
    const auto data = std::min<std::uint64_t>(left_, raw.size());
    if (data > 0) visitor_.bytes(raw.first(data));
    left_ -= data;
    const auto padding = std::min<std::uint64_t>(padding_, raw.size() - data);
    if (left_ == 0) padding_ -= padding;
    if (left_ == 0 && padding_ == 0) end_entry(true);
    return data + padding;
  }

  void end_entry(bool whole) {
    if (std::exchange(in_entry_, false)) visitor_.end(whole);
  }

  const FrameFile& file_;
  FrameReader reader_;
  const std::uint64_t end_;
  PackVisitor& visitor_;
  std::vector<std::byte> raw_;
  std::uint64_t offset_ = 0;
  bool in_entry_ = false, searching_ = false, astray_ = false, at_toc_ = false;
  std::uint64_t left_ = 0, padding_ = 0;  // of the open entry
};

}  // namespace

void walk(const FrameFile& file, codec::Codec codec, std::uint64_t end, PackVisitor& visitor) {
  Walk(file, codec, end, visitor).run();
}

}  // namespace postferry::archive
