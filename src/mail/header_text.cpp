#include <postferry/mail/header_text.h>

#include <algorithm>
#include <array>
#include <memory>

#include <gmime/gmime.h>

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

struct Free {
  void operator()(char* text) const { g_free(text); }
};

bool needs_decoding(std::string_view raw) {
  const bool wide =
      std::any_of(raw.begin(), raw.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return wide || raw.find("=?") != std::string_view::npos;
}

// What Windows-1252 has at 0x80 to 0x9F; its five holes become U+FFFD.
constexpr std::array<char32_t, 32> cp1252 = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                             0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                             0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                             0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

std::string from_cp1252(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    const auto value = static_cast<unsigned char>(c);
    append_utf8(out, value >= 0x80 && value < 0xA0 ? cp1252[value - 0x80U] : value);
  }
  return out;
}

std::string decode(std::string_view raw, std::size_t most) {
  // once; GMime keeps tables only, so any thread may decode afterwards
  [[maybe_unused]] static const bool ready = (g_mime_init(), true);
  // a subject of megabytes is not worth decoding for what will be shown of it
  const auto cut = cut_utf8(raw, std::max<std::size_t>(4096, most * 16));
  std::string text = is_utf8(cut) ? std::string(cut) : from_cp1252(cut);
  // GMime wants it unfolded, and as a C string
  const auto is_break = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  std::replace_if(text.begin(), text.end(), is_break, ' ');
  const std::unique_ptr<char, Free> decoded(
      g_mime_utils_header_decode_text(g_mime_parser_options_get_default(), text.c_str()));
  return decoded ? std::string(decoded.get()) : text;
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

}  // namespace

std::string header_text(std::string_view raw, std::size_t most) {
  return needs_decoding(raw) ? visible(decode(raw, most), most) : visible(raw, most);
}

}  // namespace postferry::mail
