#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace postferry::archive {

// Reads one line of a flat object in our own normative form at several hundred MB a second: texts, natural numbers,
// arrays of texts. Anything else makes it give up, and parse_json must read the line.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view line) : rest_(line) {}

  // Each callback may refuse by returning false. True: the whole line was read and every member taken.
  template <class Text, class Number, class Item>
  bool flat_object(const Text& text, const Number& number, const Item& item) {
    if (!take('{')) return false;
    do {
      std::string_view key;
      if (!word(key) || key.find('\\') != std::string_view::npos || !take(':')) return false;
      if (!value(key, text, number, item)) return false;
    } while (take(','));
    return rest_ == "}";
  }

 private:
  template <class Text, class Number, class Item>
  bool value(std::string_view key, const Text& text, const Number& number, const Item& item) {
    std::string_view raw;
    if (rest_.starts_with('"')) return word(raw) && unescaped(raw) && text(key, raw);
    if (take('[')) {
      do {
        if (!word(raw) || !unescaped(raw) || !item(key, raw)) return false;
      } while (take(','));
      return take(']');
    }
    std::uint64_t n = 0;
    const auto [end, bad] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
    if (bad != std::errc{}) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return number(key, n);
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool word(std::string_view& out) {
    if (!take('"')) return false;
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return false;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  // Only \\ and \" are undone here, into a buffer that lives until the next word.
  bool unescaped(std::string_view& raw) {
    if (raw.find('\\') == std::string_view::npos) return true;
    buffer_.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        buffer_ += raw[i];
        continue;
      }
      const char next = raw[++i];  // word() has seen to it that there is one
      if (next != '\\' && next != '"') return false;
      buffer_ += next;
    }
    raw = buffer_;
    return true;
  }

  std::string_view rest_;
  std::string buffer_;
};

}  // namespace postferry::archive
