#include <postferry/codec/utf7.h>

#include <cstdint>

#include <postferry/base/text.h>
#include <postferry/codec/base64.h>

namespace postferry::codec {
namespace {

bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7E; }

void add_utf16(std::string& out, char32_t c) {
  const auto unit = [&out](char32_t u) {
    out += static_cast<char>(u >> 8U), out += static_cast<char>(u & 0xFFU);
  };
  if (c < 0x10000) return unit(c);
  unit(0xD800U + ((c - 0x10000U) >> 10U));
  unit(0xDC00U + ((c - 0x10000U) & 0x3FFU));
}

// "&...-" with the comma for the slash and without padding (RFC 3501 section 5.1.3).
void add_shifted(std::string& out, std::string& utf16) {
  if (utf16.empty()) return;
  out += '&';
  for (const char c : base64(as_bytes(utf16))) {
    if (c != '=') out += c == '/' ? ',' : c;
  }
  out += '-';
  utf16.clear();
}

char32_t unit_at(std::string_view utf16, std::size_t i) {
  return (static_cast<char32_t>(static_cast<unsigned char>(utf16[i])) << 8U) |
         static_cast<unsigned char>(utf16[i + 1]);
}

bool add_utf8(std::string& out, std::string_view utf16) {
  if (utf16.empty() || utf16.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < utf16.size(); i += 2) {
    char32_t c = unit_at(utf16, i);
    if (c >= 0xDC00 && c <= 0xDFFF) return false;
    if (c >= 0xD800 && c <= 0xDBFF) {
      i += 2;
      if (i >= utf16.size()) return false;
      const char32_t low = unit_at(utf16, i);
      if (low < 0xDC00 || low > 0xDFFF) return false;
      c = 0x10000U + ((c - 0xD800U) << 10U) + (low - 0xDC00U);
    }
    if (c == 0) return false;
    append_utf8(out, c);
  }
  return true;
}

bool unshift(std::string& out, std::string_view shifted) {
  std::string text;
  for (const char c : shifted) {
    if (c == '/' || c == '=') return false;
    text += c == ',' ? '/' : c;
  }
  text.append((4 - text.size() % 4) % 4, '=');
  const auto utf16 = unbase64(text);
  return utf16 && add_utf8(out, *utf16);
}

}  // namespace

std::string to_modified_utf7(std::string_view utf8) {
  std::string out;
  std::string utf16;
  while (!utf8.empty()) {
    auto c = first_utf8(utf8);
    if (c.length == 0) c = {0xFFFD, 1};
    utf8.remove_prefix(c.length);
    if (!is_direct(c.code)) {
      add_utf16(utf16, c.code);
      continue;
    }
    add_shifted(out, utf16);
    out += static_cast<char>(c.code);
    if (c.code == '&') out += '-';
  }
  add_shifted(out, utf16);
  return out;
}

std::optional<std::string> from_modified_utf7(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_direct(static_cast<unsigned char>(name[i]))) return std::nullopt;
    if (name[i] != '&') {
      out += name[i];
      continue;
    }
    const auto end = name.find('-', i);
    if (end == std::string_view::npos) return std::nullopt;
    const auto shifted = name.substr(i + 1, end - i - 1);
    if (shifted.empty()) {
      out += '&';
    } else if (!unshift(out, shifted)) {
      return std::nullopt;
    }
    i = end;
  }
  // one name, one spelling: a shift that is not needed, or that could have gone on, would be lost on the way
  // back
  if (to_modified_utf7(out) != name) return std::nullopt;
  return out;
}

}  // namespace postferry::codec
