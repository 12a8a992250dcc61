#include "pack_toc.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <postferry/codec/sha256.h>

#include "pack_name.h"
#include "tar.h"

namespace postferry::archive {
namespace {

Error damaged(const FrameFile& file, const std::string& why) {
  return {Cause::damaged, Blast::message, Retry::never,
          fmt::format("{}: its table of contents {}", file.name, why)};
}

// Cuts the raw bytes of the table's frames into lines, in memory that holds a frame and a line.
class TocStream {
 public:
  TocStream(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer)
      : file_(file),
        reader_(file, codec, FrameReader::random),
        offset_(trailer.toc_offset),
        end_(trailer.toc_offset + trailer.toc_length) {
    if (!more()) throw damaged(file_, "is empty");
    TarHead head;
    if (read_tar_header(raw_, head) != TarRead::entry || !is_toc_name(head.path))
      throw damaged(file_, "is no tar entry");
    at_ = head.header_bytes;
    left_ = head.size;
  }

  // Without its line end; valid until the next call. False at the end.
  bool line(std::string_view& out) {
    carry_.clear();
    while (left_ > 0) {
      if (at_ == raw_.size() && !more()) throw damaged(file_, "is cut short");
      const auto text = as_text(Bytes(raw_).subspan(at_)).substr(0, left_);
      const auto end = text.find('\n');
      const auto taken = end == std::string_view::npos ? text.size() : end + 1;
      at_ += taken;
      left_ -= taken;
      if (end == std::string_view::npos) {
        if (carry_.size() + text.size() > line_most) throw damaged(file_, "has a line without end");
        carry_ += text;
        continue;
      }
      out = text.substr(0, end);
      if (!carry_.empty()) out = carry_ += out;
      return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t line_most = 1U << 20U;

  bool more() {
    raw_.clear();
    at_ = 0;
    while (raw_.empty() && offset_ < end_) offset_ += reader_.read(offset_, end_, raw_);
    return !raw_.empty();
  }

  const FrameFile& file_;
  FrameReader reader_;
  std::uint64_t offset_;
  const std::uint64_t end_;
  std::vector<std::byte> raw_;
  std::size_t at_ = 0;
  std::uint64_t left_ = 0;  // of the table's entry
  std::string carry_;       // the beginning of a line that two frames share
};

}  // namespace

void read_toc(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer,
              const std::function<void(const TocFrame&)>& frame,
              const std::function<void(TocEntry&)>& entry) {
  TocStream stream(file, codec, trailer);
  std::uint64_t offset = 0;
  for (std::string_view text; stream.line(text);) {
    auto line = read_toc_line(text);
    if (const auto* at = std::get_if<TocFrame>(&line)) {
      offset = at->offset;
      if (frame) frame(*at);
    } else if (auto* found = std::get_if<TocEntry>(&line)) {
      found->frame = offset;
      if (entry) entry(*found);
    }
  }
}

std::optional<std::string> why_not_toc(const FrameFile& file, codec::Codec codec,
                                       const PackTrailer& trailer) {
  codec::Sha256 hash;
  std::vector<std::byte> piece(
      static_cast<std::size_t>(std::min<std::uint64_t>(trailer.toc_length, 256U << 10U)));
  for (std::uint64_t done = 0; done < trailer.toc_length; done += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(trailer.toc_length - done, piece.size())));
    file.get(trailer.toc_offset + done, piece);
    hash.update(piece);
  }
  if (hash.digest() != trailer.toc_hash) return "does not have the hash that the trailer says";
  try {
    TocStream stream(file, codec, trailer);
    std::string_view text;  // lies in the stream
    if (!stream.line(text)) return "is empty";
    const auto line = read_toc_line(text);
    const auto* head = std::get_if<TocHead>(&line);
    if (head == nullptr) return "does not begin with its version";
    if (head->version != 1) return fmt::format("is of version {}, newer than this program", head->version);
  } catch (const Error& why) {
    if (why.cause != Cause::damaged) throw;
    return fmt::format("cannot be read ({})", why.what());
  }
  return std::nullopt;
}

}  // namespace postferry::archive
