#include "encoded_words.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "charset.h"

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

struct Word {
  std::string_view charset, text;
  char encoding = 'Q';
  std::size_t length = 0;  // of the whole, "=?" and "?=" included
};

// The encoded word that `text` begins with.
std::optional<Word> first_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return std::nullopt;
  const char encoding = lower(text.substr(charset_end + 1, 1)).front();
  if (encoding != 'b' && encoding != 'q') return std::nullopt;
  const auto from = charset_end + 3;
  const auto end = text.find("?=", from);
  if (end == std::string_view::npos) return std::nullopt;
  return Word{text.substr(2, charset_end - 2), text.substr(from, end - from), encoding, end + 2};
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void add_q(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded =
        text[i] == '=' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    if (!coded) {
      out += text[i] == '_' ? ' ' : text[i];
      continue;
    }
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
}

int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Base64 by the bit, neighbours together: some split it in the middle of a group.
class Bits {
 public:
  void add(std::string& out, std::string_view text) {
    // 6 bits can only be the rest of a group that was split; fewer are the zeros before a padding
    if (count_ != 6) count_ = 0;
    for (const char c : text) {
      if (c == '=') count_ = 0;
      const int value = sextet(c);
      if (value < 0) continue;
      bits_ = (bits_ << 6U) | static_cast<std::uint32_t>(value);
      count_ += 6;
      if (count_ < 8) continue;
      count_ -= 8;
      out += static_cast<char>((bits_ >> count_) & 0xFFU);
    }
  }

 private:
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;
};

// The words at the beginning of `text` that have one charset: characters may be split between them (they
// should not; Exchange and many others do). `text` then begins after them.
std::string take_words(std::string_view& text, Word word) {
  const std::string_view charset = word.charset;
  std::string bytes;
  Bits bits;
  while (true) {
    if (word.encoding == 'b') {
      bits.add(bytes, word.text);
    } else {
      add_q(bytes, word.text);
    }
    text.remove_prefix(word.length);
    const auto next = text.find_first_not_of(" \t");
    const auto following = next == std::string_view::npos ? std::nullopt : first_word(text.substr(next));
    if (!following) return to_utf8(bytes, charset);
    text.remove_prefix(next);  // blanks between encoded words mean nothing
    if (!equal_ignoring_case(following->charset, charset)) return to_utf8(bytes, charset);
    word = *following;
  }
}

}  // namespace

std::string decode_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (const auto word = first_word(text)) {
      out += take_words(text, *word);
      continue;
    }
    const auto next = std::min(text.find("=?", 1), text.size());
    out += guess_utf8(text.substr(0, next));
    text.remove_prefix(next);
  }
  return out;
}

}  // namespace postferry::mail
