#include "header_mender.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

namespace postferry::engine {
namespace {

// So much of a line is looked at together; names and words are shorter.
constexpr std::size_t longest_piece = 8192;
// RFC 2047: an encoded word has 75 characters at most, "=?unknown-8bit?Q?" and "?=" among them.
constexpr std::size_t longest_payload = 56;

bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_delimiter(char c) { return std::string_view(" \t()<>@,;:\"[]\\").find(c) != std::string_view::npos; }
bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string q_encoded(char c) {
  if (c == ' ') return "_";
  const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
}

// Encoded words, folded; nobody knows the charset of what is no UTF-8, and it is not guessed (RFC 1428).
std::string encoded_words(std::string_view text) {
  const bool utf8 = is_utf8(text);
  std::string out, payload;
  const auto finish = [&] {
    if (payload.empty()) return;
    out += fmt::format("{}=?{}?Q?{}?=", out.empty() ? "" : "\r\n ", utf8 ? "utf-8" : "unknown-8bit", payload);
    payload.clear();
  };
  while (!text.empty()) {
    const auto length = utf8 ? std::max<std::size_t>(1, first_utf8(text).length) : 1;
    std::string encoded;
    for (const char c : text.substr(0, length)) encoded += q_encoded(c);
    if (payload.size() + encoded.size() > longest_payload) finish();
    payload += encoded;
    text.remove_prefix(length);
  }
  finish();
  return out;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_delimiter(text[at])) ++at;
  return at;
}

bool has_8bit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_8bit); }

// The end of the words from `at` on that have to be encoded together: blanks between two encoded words are no
// part of the text.
std::size_t run_end(std::string_view text, std::size_t at) {
  auto end = word_end(text, at);
  for (;;) {
    auto next = end;
    while (next < text.size() && is_blank(text[next])) ++next;
    const auto next_end = word_end(text, next);
    if (next == end || !has_8bit(text.substr(next, next_end - next))) return end;
    end = next_end;
  }
}

}  // namespace

void HeaderMender::take(std::string_view piece, std::string& out) {
  while (in_header_ && !piece.empty()) {
    const char c = piece.front();
    if (c == '\r') {
      ++crs_;
      piece.remove_prefix(1);
    } else if (c == '\n') {
      line_ends(std::string(std::exchange(crs_, 0), '\r') + '\n', out);
      piece.remove_prefix(1);
    } else if (crs_ > 0) {
      bare_cr(out);
    } else {
      const auto part = piece.substr(0, std::min(piece.find_first_of("\r\n"), longest_piece - line_.size()));
      piece.remove_prefix(part.size());
      add_to_line(part, out);
    }
  }
  out.append(in_header_ ? 0 : std::exchange(crs_, 0), '\r');
  out += piece;
}

void HeaderMender::end(std::string& out) {
  while (in_header_ && crs_ > 0) bare_cr(out);
  if (!line_.empty()) line(line_, out);
  out.append(crs_, '\r');
}

// No LF follows it: an old Macintosh ended lines so.
void HeaderMender::bare_cr(std::string& out) {
  --crs_;
  changed_ = true;
  line_ends("\r\n", out);
}

void HeaderMender::line_ends(std::string_view by, std::string& out) {
  if (line_.empty() && !continued_) in_header_ = false;
  line(line_, out);
  out += by;
  line_.clear();
  continued_ = false;
}

void HeaderMender::add_to_line(std::string_view part, std::string& out) {
  line_ += part;
  if (line_.size() < longest_piece) return;
  line(line_, out);
  line_.clear();
  continued_ = true;
}

void HeaderMender::line(std::string_view text, std::string& out) {
  const bool first = std::exchange(first_, false);
  if (text.empty() || continued_ || (is_blank(text.front()) && !first)) return put_encoded(text, out);
  const auto colon = text.find(':');
  auto name = text.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  if (colon == std::string_view::npos || !is_name(name)) {
    changed_ = true;
    out += "X-Invalid-Header: ";
    return put_encoded(text, out);
  }
  changed_ = changed_ || name.size() != colon;
  out += name;
  out += ':';
  put_encoded(text.substr(colon + 1), out);
}

void HeaderMender::put_encoded(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto end = word_end(text, 0);
    if (!has_8bit(text.substr(0, end))) {
      const auto plain = std::min(end + 1, text.size());  // with its delimiter
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    const auto run = run_end(text, 0);
    out += encoded_words(text.substr(0, run));
    text.remove_prefix(run);
    changed_ = true;
  }
}

}  // namespace postferry::engine
