#include "wire.h"

#include <postferry/base/text.h>

namespace postferry::imap {
namespace {

// Quirk 30a: atoms may hold any byte, 8-bit junk included (Cyrus 3.6.1 MAILBOXID); only what structures a
// line ends one.
constexpr bool ends_atom(char c) {
  return c == ' ' || c == '(' || c == ')' || c == '"' || c == '{' || c == '\t';
}

}  // namespace

std::optional<std::uint64_t> announced_literal(std::string_view line) {
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  if (line.empty() || line.back() != '}') return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  auto digits = line.substr(open + 1, line.size() - open - 2);
  if (!digits.empty() && digits.back() == '+') digits.remove_suffix(1);
  return parse_number(digits);
}

void Wire::begin_response() {
  past_literal_ = false;
  line_ = reader_.line(max_line);
  at_ = 0;
}

// Quirk 27: DavMail writes "*  1688 EXISTS"; runs of blanks are one.
void Wire::skip_blanks() {
  while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t')) ++at_;
}

bool Wire::at_end() {
  skip_blanks();
  return at_ == line_.size();
}

char Wire::peek() {
  skip_blanks();
  return at_ < line_.size() ? line_[at_] : '\0';
}

bool Wire::skip(char c) {
  if (at_end() || line_[at_] != c) return false;
  ++at_;
  return true;
}

void Wire::expect(char c) {
  if (!skip(c)) throw Malformed{"a character that must be there is not"};
}

std::string_view Wire::atom() {
  skip_blanks();
  const auto from = at_;
  while (at_ < line_.size() && !ends_atom(line_[at_])) ++at_;
  if (at_ == from) throw Malformed{"a word is missing"};
  return line_.substr(from, at_ - from);
}

std::string_view Wire::item_name() {
  skip_blanks();
  const auto from = at_;
  while (at_ < line_.size() && !ends_atom(line_[at_]) && line_[at_] != '[') ++at_;
  if (at_ < line_.size() && line_[at_] == '[') {
    at_ = line_.find(']', at_);
    if (at_ == std::string_view::npos) {
      at_ = line_.size();
      throw Malformed{"a section without its end"};
    }
    while (at_ < line_.size() && !ends_atom(line_[at_])) ++at_;  // "<0>"
  }
  if (at_ == from) throw Malformed{"an item without a name"};
  return line_.substr(from, at_ - from);
}

std::optional<std::uint64_t> Wire::number() {
  if (peek() == '"') return parse_number(quoted());
  return parse_number(atom());
}

std::string_view Wire::rest() {
  skip_blanks();
  const auto out = line_.substr(at_);
  at_ = line_.size();
  return out;
}

bool Wire::at_literal() {
  const char c = peek();
  return c == '{' || (c == '~' && at_ + 1 < line_.size() && line_[at_ + 1] == '{');
}

std::uint64_t Wire::begin_literal() {
  skip('~');
  expect('{');
  const auto close = line_.find('}', at_);
  if (close == std::string_view::npos) throw Malformed{"a literal without its length"};
  auto digits = line_.substr(at_, close - at_);
  if (!digits.empty() && digits.back() == '+') digits.remove_suffix(1);
  const auto size = parse_number(digits);
  at_ = close + 1;
  if (!size || !at_end()) throw Malformed{"a literal whose length is no number"};
  past_literal_ = true;
  return *size;
}

void Wire::end_literal() {
  line_ = reader_.line(max_line);
  at_ = 0;
}

std::string Wire::quoted() {
  expect('"');
  std::string out;
  for (;;) {
    const auto stop = line_.find_first_of("\"\\", at_);
    if (stop == std::string_view::npos) {
      at_ = line_.size();
      throw Malformed{"a quoted string without its end"};
    }
    out += line_.substr(at_, stop - at_);
    at_ = stop + 1;
    if (line_[stop] == '"') return out;
    // Quirk 29: Domino leaves backslashes alone that are not followed by what needs one.
    const char next = peek_raw();
    if (next == '"' || next == '\\') {
      out += next;
      ++at_;
    } else {
      out += '\\';
    }
  }
}

std::optional<std::string> Wire::nstring() {
  if (peek() == '"') return quoted();
  if (at_literal()) {
    const auto size = begin_literal();
    if (size > max_literal) throw Malformed{"a literal that is larger than any name or value"};
    std::string out;
    for (auto left = size; left > 0;) {
      const auto part = reader_.some(left);
      out += as_text(part);
      left -= part.size();
      reader_.consume(part.size());
    }
    end_literal();
    return out;
  }
  const auto word = atom();
  if (equal_ignoring_case(word, "NIL")) return std::nullopt;
  return std::string(word);
}

std::string Wire::astring() {
  if (peek() == '"' || at_literal()) return nstring().value_or("");
  return std::string(atom());
}

void Wire::skip_bytes(std::uint64_t bytes) {
  while (bytes > 0) {
    const auto part = reader_.some(bytes);
    bytes -= part.size();
    reader_.consume(part.size());
  }
}

void Wire::skip_literal(std::uint64_t size) {
  skip_bytes(size);
  end_literal();
}

void Wire::skip_value() { skip_value(0); }

void Wire::skip_value(int depth) {
  if (depth > max_depth) throw Malformed{"lists nested too deeply"};
  if (skip('(')) {
    while (!skip(')')) {
      if (at_end()) throw Malformed{"a list without its end"};
      skip_value(depth + 1);
    }
  } else if (peek() == '"') {
    quoted();
  } else if (at_literal()) {
    skip_literal(begin_literal());
  } else {
    atom();
  }
}

void Wire::skip_response() {
  while (const auto size = announced_literal(line_)) {
    skip_bytes(*size);
    end_literal();
  }
}

}  // namespace postferry::imap
