#include "body_beginning.h"

#include <algorithm>

#include <postferry/base/bytes.h>
#include <postferry/mail/body_pieces.h>

namespace postferry::mail {
namespace {

constexpr std::size_t most_header = 256u << 10;

std::string beginning(const Body& body) {
  std::string text;
  each_piece(body, [&](Bytes piece) {
    text += as_text(piece).substr(0, most_header - text.size());
    return text.size() < most_header;
  });
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
