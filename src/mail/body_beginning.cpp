#include "body_beginning.h"

#include <algorithm>
#include <span>

#include <postferry/base/bytes.h>

namespace postferry::mail {
namespace {

constexpr std::size_t most_header = 256u << 10;

std::string beginning(const Body& body) {
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(body.size(), most_header)), '\0');
  const auto from = body.open();
  std::size_t at = 0;
  while (at < text.size()) {
    const auto read = from->read(std::as_writable_bytes(std::span(text).subspan(at)));
    if (read == 0) break;
    at += read;
  }
  text.resize(at);
  return text;
}

}  // namespace

BodyBeginning::BodyBeginning(const Body& body) {
  if (const auto whole = body.in_memory(); !whole.empty()) {
    text_ = as_text(whole.first(std::min(whole.size(), most_header)));
  } else {
    read_ = beginning(body);
    text_ = read_;
  }
}

}  // namespace postferry::mail
