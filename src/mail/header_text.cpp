#include <postferry/mail/header_text.h>

#include <algorithm>

#include "encoded_words.h"

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

bool needs_decoding(std::string_view raw) {
  const bool wide =
      std::any_of(raw.begin(), raw.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return wide || raw.find("=?") != std::string_view::npos;
}

// One line of visible characters: blanks and line ends become one blank, what deceives is dropped.
std::string visible(std::string_view text, std::size_t most) {
  std::string out;
  bool blank = false;
  while (!text.empty()) {
    auto c = first_utf8(text);
    if (c.length == 0) c = {0xFFFD, 1};
    text.remove_prefix(c.length);
    if (c.code == ' ' || c.code == '\t' || c.code == '\r' || c.code == '\n') {
      blank = !out.empty();
      continue;
    }
    if (is_deceptive(c.code)) continue;
    if (blank) out += ' ';
    blank = false;
    append_utf8(out, c.code);
    if (out.size() > most) return std::string(cut_utf8(out, most));
  }
  return out;
}

std::string unfolded(std::string_view raw) {
  std::string out(raw);
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return out;
}

}  // namespace

std::string header_text(std::string_view raw, std::size_t most) {
  // a subject of megabytes is not worth decoding for what will be shown of it
  raw = cut_utf8(raw, std::max<std::size_t>(4096, most * 16));
  return needs_decoding(raw) ? visible(decode_words(unfolded(raw)), most) : visible(raw, most);
}

}  // namespace postferry::mail
