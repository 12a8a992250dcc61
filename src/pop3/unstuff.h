#pragma once

#include <cstddef>
#include <string_view>

#include <postferry/base/bytes.h>

namespace postferry::pop3 {

// Takes the dots out of a multi-line answer (RFC 1939 section 3) and finds its end, CRLF "." CRLF, wherever
// the pieces are cut. Everything else passes as it came: a line begins only after CRLF, so a "." after a bare
// LF is text, and a message with bare LFs can neither end early nor lose a dot.
class Unstuffer {
 public:
  // Hands the text in `piece` to `give(Bytes)` and returns how many bytes belonged to this answer; fewer than
  // all only when done().
  template <class Give>
  std::size_t take(Bytes piece, Give&& give);
  bool done() const { return state_ == State::done; }

 private:
  enum class State { text, dot, dot_cr, done };  // dot: one was read at the beginning of a line

  // Reads what decides a dot at the beginning of a line. Returns the bytes used; `owed`: a CR that was text.
  std::size_t decide(std::string_view text, bool& owed);
  // The next dot at the beginning of a line, or npos.
  std::size_t find_dot(std::string_view text) const;
  void remember(std::string_view text);

  State state_ = State::text;
  char before_last_ = '\r', last_ = '\n';  // what came last: an answer begins as a line does
};

template <class Give>
std::size_t Unstuffer::take(Bytes piece, Give&& give) {
  const auto text = as_text(piece);
  std::size_t at = 0;
  while (at < text.size() && state_ != State::done) {
    if (state_ != State::text) {
      bool owed = false;
      at += decide(text.substr(at), owed);
      if (owed) give(as_bytes("\r"));
      continue;
    }
    const auto rest = text.substr(at);
    const auto dot = find_dot(rest);
    const auto run = rest.substr(0, dot);
    if (!run.empty()) give(as_bytes(run));
    remember(run);
    at += run.size();
    if (dot != std::string_view::npos) state_ = State::dot, ++at;
  }
  return at;
}

}  // namespace postferry::pop3
