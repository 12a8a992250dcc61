#include "pack_verify.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <postferry/base/text.h>
#include <postferry/codec/sha256.h>
#include <postferry/mail/digester.h>

#include "pack_name.h"
#include "pack_scan.h"
#include "pack_toc.h"
#include "tar.h"

namespace postferry::archive {
namespace {

bool same(const TocEntry& a, const TocEntry& b) {
  return a.canonical == b.canonical && a.merge == b.merge && a.header == b.header && a.key == b.key &&
         a.headline.date == b.headline.date && a.headline.from == b.headline.from &&
         a.headline.subject == b.headline.subject;
}

class Verify {
 public:
  Verify(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer, const PackTrouble& trouble,
         const std::function<void(const TocEntry&, const Error&)>& damaged,
         const std::function<void(const TocEntry&)>& good)
      : file_(file),
        trailer_(trailer),
        trouble_(trouble),
        damaged_(damaged),
        good_(good),
        reader_(file, codec, FrameReader::random) {}

  void run(codec::Codec codec) {
    read_toc(
        file_, codec, trailer_, [&](const TocFrame& frame) { next(frame); },
        [&](TocEntry& entry) {
          ++entries_;
          expected_.push_back(std::move(entry));
        });
    finish_frame();
    if (open_) lose_open("its last frame is missing");
    if (expected_end_ != trailer_.toc_offset) tell("the table of contents does not name all frames");
    if (entries_ != trailer_.entries) tell("the trailer and the table of contents count entries differently");
    if (!lost_frame_) check_hashes();
  }

 private:
  void tell(const std::string& why) {
    if (trouble_)
      trouble_({Cause::damaged, Blast::message, Retry::never, fmt::format("{}: {}", file_.name, why)});
  }

  void check_hashes() {
    if (hash_.digest() != trailer_.body_hash) {
      return tell("bytes were changed, but no entry is lost (the hash of all frames is wrong)");
    }
    std::vector<std::byte> piece;
    for (auto at = trailer_.toc_offset; at < file_.size; at += piece.size()) {
      piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(1U << 20U, file_.size - at)));
      file_.get(at, piece);
      hash_.update(piece);
    }
    if (to_hex(Bytes(hash_.digest()).first(16)) != hash_part(file_.name)) {
      tell("no entry is lost, but the file does not have the hash that its name says");
    }
  }

  // The lines of entries follow their frame's line: when the next one comes, the frame can be looked at.
  void next(const TocFrame& frame) {
    finish_frame();
    frame_ = frame;
  }

  void finish_frame() {
    if (!frame_) return;
    const auto frame = *std::exchange(frame_, std::nullopt);
    if (frame.offset != expected_end_)
      tell(fmt::format("no frame is known between bytes {} and {}", expected_end_, frame.offset));
    expected_end_ = frame.offset + frame.length;
    raw_.clear();
    try {
      reader_.read_exactly(frame.offset, frame.length, raw_);
      hash_.update(reader_.compressed());
      if (raw_.size() != frame.raw) {
        throw Error(Cause::damaged, Blast::message, Retry::never,
                    fmt::format("{}: the frame at byte {} gives {} bytes instead of {}", file_.name,
                                frame.offset, raw_.size(), frame.raw));
      }
    } catch (const Error& why) {
      if (why.cause != Cause::damaged) throw;
      lose_frame(why);
      return;
    }
    take_frame();
  }

  void lose_frame(const Error& why) {
    lost_frame_ = true;
    if (trouble_) trouble_(why);
    lose_open(why.what());
    for (const auto& entry : expected_) damaged_(entry, lost_entry(file_.name, entry, why.what()));
    // a large one goes on in the next frames: they are read, but nothing waits for them
    expected_.clear();
    astray_ = true;
  }

  void lose_open(const std::string& why) {
    if (!open_) return;
    damaged_(*open_, lost_entry(file_.name, *open_, why));
    open_.reset();
    digester_.finish();
    entry_hash_ = codec::Sha256();
  }

  void take_frame() {
    if (astray_ && expected_.empty()) return;  // the rest of a large entry that is lost already
    astray_ = false;
    std::uint64_t at = open_ ? take_bytes(raw_) : 0;
    while (at < raw_.size()) {
      TarHead head;
      const auto rest = Bytes(raw_).subspan(at);
      const auto read = read_tar_header(rest, head);
      if (read == TarRead::zeros) {
        at += tar_block;
        continue;
      }
      if (read != TarRead::entry) {
        tell("a frame holds what is no tar");
        break;
      }
      at += head.header_bytes;
      if (!open_expected(head, at)) break;
      at += take_bytes(Bytes(raw_).subspan(at));
    }
    while (!expected_.empty()) {
      damaged_(expected_.front(),
               lost_entry(file_.name, expected_.front(), "the table names it, the tar has it not"));
      expected_.pop_front();
    }
  }

  // Whether the tar's next entry is the table's.
  bool open_expected(const TarHead& head, std::uint64_t at) {
    if (expected_.empty()) {
      tell(fmt::format("{} is not in the table of contents", printable(head.path)));
      return false;
    }
    if (expected_.front().name != head.path || expected_.front().size != head.size ||
        expected_.front().at != at) {
      tell(fmt::format("{} is not what the table of contents says", printable(head.path)));
      return false;
    }
    open_ = std::move(expected_.front());
    expected_.pop_front();
    left_ = head.size;
    padding_ = tar_padded(head.size) - head.size;
    return true;
  }

  std::uint64_t take_bytes(Bytes raw) {
    const auto data = std::min<std::uint64_t>(left_, raw.size());
    if (open_->is_mail()) {
      digester_.update(raw.first(data));
    } else {
      entry_hash_.update(raw.first(data));
    }
    left_ -= data;
    const auto padding = std::min<std::uint64_t>(padding_, raw.size() - data);
    padding_ -= padding;
    if (left_ == 0 && padding_ == 0) end_entry();
    return data + padding;
  }

  void end_entry() {
    const auto entry = *std::exchange(open_, std::nullopt);
    codec::Digest found{};
    if (entry.is_mail()) {
      const auto digests = digester_.finish();
      found = digests.content.digest;
      auto again = entry;
      take_digests(again, digests);
      if (found == entry.hash && !same(entry, again)) {
        tell(fmt::format("{}: the table of contents describes it wrongly", printable(entry.name)));
      }
    } else {
      found = std::exchange(entry_hash_, codec::Sha256()).digest();
    }
    if (found == entry.hash || (!entry.is_mail() && entry.hash == codec::Digest{})) {
      if (good_) good_(entry);
    } else {
      damaged_(entry, lost_entry(file_.name, entry, wrong_hash));
    }
  }

  const FrameFile& file_;
  const PackTrailer& trailer_;
  const PackTrouble& trouble_;
  const std::function<void(const TocEntry&, const Error&)>& damaged_;
  const std::function<void(const TocEntry&)>& good_;
  FrameReader reader_;

  std::optional<TocFrame> frame_;  // the line read last
  std::deque<TocEntry> expected_;  // the entries that it should hold
  std::vector<std::byte> raw_;
  std::optional<TocEntry> open_;
  std::uint64_t left_ = 0, padding_ = 0;  // of open_
  mail::Digester digester_;
  codec::Sha256 entry_hash_, hash_;
  std::uint64_t expected_end_ = 0, entries_ = 0;
  bool lost_frame_ = false, astray_ = false;
};

}  // namespace

void verify_by_table(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer,
                     const PackTrouble& trouble,
                     const std::function<void(const TocEntry&, const Error&)>& damaged,
                     const std::function<void(const TocEntry&)>& good) {
  Verify(file, codec, trailer, trouble, damaged, good).run(codec);
}

}  // namespace postferry::archive
