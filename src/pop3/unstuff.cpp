#include "unstuff.h"

#include <cstring>

namespace postferry::pop3 {

// Dots are looked for, not line ends: base64, of which large messages are made, has none.
std::size_t Unstuffer::find_dot(std::string_view text) const {
  for (std::size_t from = 0; from < text.size();) {
    const void* hit = std::memchr(text.data() + from, '.', text.size() - from);
    if (hit == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    const char one_before = at >= 1 ? text[at - 1] : last_;
    if (one_before == '\n') {
      const char two_before = at >= 2 ? text[at - 2] : at == 1 ? last_ : before_last_;
      if (two_before == '\r') return at;
    }
    from = at + 1;
  }
  return std::string_view::npos;
}

void Unstuffer::remember(std::string_view text) {
  if (text.empty()) return;
  before_last_ = text.size() >= 2 ? text[text.size() - 2] : last_;
  last_ = text.back();
}

std::size_t Unstuffer::decide(std::string_view text, bool& owed) {
  if (state_ == State::dot) {
    before_last_ = '\n', last_ = '.';
    if (text.front() != '\r') {
      state_ = State::text;  // the dot was stuffing
      return 0;
    }
    state_ = State::dot_cr;
    return 1;
  }
  if (text.front() == '\n') {
    state_ = State::done;
    return 1;
  }
  owed = true;
  before_last_ = '.', last_ = '\r';
  state_ = State::text;
  return 0;
}

}  // namespace postferry::pop3
