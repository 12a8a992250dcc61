#include <algorithm>
#include <array>
#include <cstring>

#include <postferry/base/text.h>

namespace postferry {
namespace {

constexpr std::size_t word = sizeof(std::uint64_t);

bool all_ascii(const char* at) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, at, word);
  return (bits & 0x8080808080808080U) == 0;
}

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

bool is_tail(unsigned b) noexcept { return (b & 0xC0U) == 0x80U; }

}  // namespace

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Utf8Char first_utf8(std::string_view text) noexcept {
  if (text.empty()) return {};
  const unsigned a = byte_at(text, 0);
  if (a < 0x80) return {a, 1};
  const std::size_t length = a >= 0xF0 ? 4 : a >= 0xE0 ? 3 : 2;
  if (a < 0xC2 || a > 0xF4 || text.size() < length) return {};
  char32_t code = a & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned b = byte_at(text, i);
    if (!is_tail(b)) return {};
    code = (code << 6U) | (b & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    if (i + word <= text.size() && all_ascii(text.data() + i)) {
      i += word;
      continue;
    }
    const auto c = first_utf8(text.substr(i));
    if (c.length == 0) return false;
    i += c.length;
  }
  return true;
}

void append_utf8(std::string& out, char32_t code) {
  const auto add = [&out](char32_t b) { out += static_cast<char>(b); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | (code >> 6U)), add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12U)), add(0x80U | ((code >> 6U) & 0x3FU)), add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | (code >> 18U)), add(0x80U | ((code >> 12U) & 0x3FU));
    add(0x80U | ((code >> 6U) & 0x3FU)), add(0x80U | (code & 0x3FU));
  }
}

std::string_view cut_utf8(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t end = most;
  for (int back = 0; back < 3 && end > 0 && is_tail(byte_at(text, end)); ++back) --end;
  // no character begins within the last four bytes: that is not UTF-8, so there is nothing to keep whole
  if (end < text.size() && is_tail(byte_at(text, end))) end = most;
  return text.substr(0, end);
}

bool is_deceptive(char32_t code) noexcept {
  struct Range {
    char32_t first, last;
  };
  constexpr std::array<Range, 15> ranges = {{{0x00, 0x1F},
                                             {0x7F, 0x9F},
                                             {0xAD, 0xAD},
                                             {0x034F, 0x034F},
                                             {0x061C, 0x061C},
                                             {0x115F, 0x1160},
                                             {0x17B4, 0x17B5},
                                             {0x180B, 0x180F},
                                             {0x200B, 0x200F},
                                             {0x2028, 0x202E},
                                             {0x2060, 0x206F},
                                             {0x3164, 0x3164},
                                             {0xFEFF, 0xFEFF},
                                             {0xFFF9, 0xFFFB},
                                             {0xE0000, 0xE0FFF}}};
  if (code >= 0x20 && code < 0x7F) return false;
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range r) { return r.first <= code && code <= r.last; });
}

}  // namespace postferry
