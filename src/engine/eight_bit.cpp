#include "eight_bit.h"

#include <string>

#include <postferry/base/bytes.h>
#include <postferry/mail/body_pieces.h>
#include <postferry/mail/digester.h>

namespace postferry::engine {

void HeaderMunger::take(std::string_view piece, std::string& out) {
  std::size_t at = 0;
  for (; in_header_ && at < piece.size(); ++at) {
    auto c = piece[at];
    if (c == '\n') {
      in_header_ = !blank_;
      blank_ = true;
    } else if (c != '\r') {
      blank_ = false;
      if (static_cast<unsigned char>(c) >= 0x80) c = 'X', changed_ = true;
    }
    out += c;
  }
  out += piece.substr(at);
}

bool has_8bit_header(const mail::Body& body) {
  HeaderMunger munger;
  std::string out;
  mail::each_piece(body, [&](Bytes piece) {
    out.clear();
    munger.take(as_text(piece), out);
    return munger.in_header() && !munger.changed();
  });
  return munger.changed();
}

mail::Digests digests_through(ByteFilter& filter, const mail::Body& body) {
  mail::Digester digester;
  std::string out;
  mail::each_piece(body, [&](Bytes piece) {
    out.clear();
    filter.take(as_text(piece), out);
    digester.update(as_bytes(out));
    return true;
  });
  out.clear();
  filter.end(out);
  digester.update(as_bytes(out));
  return digester.finish();
}

std::optional<mail::Digests> munged_digests(const mail::Body& body) {
  if (!has_8bit_header(body)) return std::nullopt;
  HeaderMunger munger;
  return digests_through(munger, body);
}

}  // namespace postferry::engine
