#include "mbsync_mark.h"

#include <algorithm>

#include <postferry/base/text.h>

namespace postferry::endpoints {
namespace {

constexpr std::size_t largest_header = 1u << 20;
constexpr std::string_view mark = "X-TUID:";

// Behind the empty line; npos if none has come.
std::size_t end_of_header(std::string_view text) {
  const auto bare = text.find("\n\n");
  const auto usual = text.find("\n\r\n");
  if (usual < bare) return usual + 3;
  return bare == std::string_view::npos ? bare : bare + 2;
}

}  // namespace

std::optional<std::string> without_mbsync_mark(std::string_view block) {
  for (std::size_t at = 0; at < block.size();) {
    const auto lf = block.find('\n', at);
    const auto next = lf == std::string_view::npos ? block.size() : lf + 1;
    if (equal_ignoring_case(block.substr(at, std::min(mark.size(), next - at)), mark)) {
      return std::string(block.substr(0, at)).append(block.substr(next));
    }
    if (block[at] == '\n' || block.substr(at, 2) == "\r\n") break;
    at = next;
  }
  return std::nullopt;
}

void OriginalDigest::update(Bytes part) {
  if (!in_header_) {
    if (digester_) digester_->update(part);
    return;
  }
  header_ += as_text(part);
  const auto end = end_of_header(header_);
  if (end != std::string::npos || header_.size() > largest_header)
    header_ended(std::min(end, header_.size()));
}

void OriginalDigest::header_ended(std::size_t end) {
  in_header_ = false;
  if (const auto plain = without_mbsync_mark(std::string_view(header_).substr(0, end))) {
    digester_.emplace();
    digester_->update(as_bytes(*plain));
    digester_->update(as_bytes(header_).subspan(end));
  }
  header_.clear();
}

std::optional<mail::Digests> OriginalDigest::finish() {
  if (in_header_) header_ended(header_.size());
  if (!digester_) return std::nullopt;
  return digester_->finish();
}

}  // namespace postferry::endpoints
