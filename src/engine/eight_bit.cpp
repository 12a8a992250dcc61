#include "eight_bit.h"

#include <array>
#include <string>

#include <postferry/base/bytes.h>
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
  const auto from = body.open();
  std::array<std::byte, 16384> buffer{};
  std::string out;
  while (munger.in_header() && !munger.changed()) {
    const auto got = from->read(buffer);
    if (got == 0) break;
    out.clear();
    munger.take(as_text(std::span(buffer).first(got)), out);
  }
  return munger.changed();
}

mail::Digests digests_through(ByteFilter& filter, const mail::Body& body) {
  mail::Digester digester;
  const auto from = body.open();
  std::array<std::byte, 16384> buffer{};
  std::string out;
  while (const auto got = from->read(buffer)) {
    out.clear();
    filter.take(as_text(std::span(buffer).first(got)), out);
    digester.update(as_bytes(out));
  }
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
