#include "canonical_body.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/mail/body_pieces.h>
#include <postferry/mail/spool.h>

namespace postferry::engine {
namespace {

// LFs that no CR precedes, in pieces cut anywhere.
class BareLineFeeds {
 public:
  std::uint64_t count(Bytes piece) {
    if (piece.empty()) return 0;
    std::uint64_t found = 0;
    const auto text = as_text(piece);
    // Every message passes here: from line end to line end by memchr, not byte by byte.
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      const auto before = at == 0 ? last_ : text[at - 1];
      if (before != '\r') ++found;
    }
    last_ = text.back();
    return found;
  }

 private:
  char last_ = 0;
};

class CrlfSource final : public ByteSource {
 public:
  explicit CrlfSource(std::unique_ptr<ByteSource> from) : from_(std::move(from)) {}

  std::size_t read(std::span<std::byte> into) override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      if (at_ == end_ && !refill()) break;
      const auto next = buffer_[at_];
      if (next == std::byte{'\n'} && last_ != std::byte{'\r'}) {
        into[filled++] = last_ = std::byte{'\r'};
        continue;
      }
      into[filled++] = last_ = next;
      ++at_;
    }
    return filled;
  }

 private:
  bool refill() {
    at_ = 0;
    end_ = from_->read(buffer_);
    return end_ > 0;
  }

  std::unique_ptr<ByteSource> from_;
  std::array<std::byte, 16384> buffer_{};
  std::size_t at_ = 0, end_ = 0;
  std::byte last_{};
};

class CrlfBody final : public mail::Body {
 public:
  CrlfBody(std::unique_ptr<mail::Body> below, std::uint64_t added)
      : below_(std::move(below)), added_(added) {}
  std::uint64_t size() const override { return below_->size() + added_; }
  std::unique_ptr<ByteSource> open() const override { return std::make_unique<CrlfSource>(below_->open()); }

 private:
  const std::unique_ptr<mail::Body> below_;
  const std::uint64_t added_;
};

std::uint64_t bare_line_feeds(const mail::Body& body) {
  BareLineFeeds bare;
  std::uint64_t found = 0;
  mail::each_piece(body, [&](Bytes piece) {
    found += bare.count(piece);
    return true;
  });
  return found;
}

bool holds_nul(Bytes piece) { return as_text(piece).find('\0') != std::string_view::npos; }

}  // namespace

bool has_nul(const mail::Body& body) {
  bool found = false;
  mail::each_piece(body, [&](Bytes piece) { return !(found = holds_nul(piece)); });
  return found;
}

std::unique_ptr<mail::Body> with_crlf(std::unique_ptr<mail::Body> body) {
  const auto added = bare_line_feeds(*body);
  if (added == 0) return body;
  return std::make_unique<CrlfBody>(std::move(body), added);
}

}  // namespace postferry::engine
