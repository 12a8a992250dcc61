#include "line_folder.h"

#include <algorithm>

namespace postferry::engine {
namespace {

constexpr std::string_view blanks = " \t";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

void LineFolder::take(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    line_ += c;
    if (c == '\n') {
      line_ends(out);
    } else if (line_.size() - (c == '\r' ? 1 : 0) > longest_) {
      cut(out);
    }
  }
}

void LineFolder::line_ends(std::string& out) {
  if (!continued_ && (line_ == "\r\n" || line_ == "\n")) in_header_ = false;
  continued_ = false;
  out += line_;
  line_.clear();
}

void LineFolder::cut(std::string& out) {
  const auto begin = line_.find_first_not_of(blanks);
  const auto blank = std::string_view(line_).substr(0, longest_).find_last_of(blanks);
  const bool at_blank = blank != std::string::npos && begin != std::string::npos && blank > begin;
  auto at = at_blank ? blank + (in_header_ ? 0 : 1) : longest_;
  if (!at_blank) {
    const auto least = at - std::min<std::size_t>(at - 1, 4);
    while (at > least && continues_character(line_[at])) --at;
  }
  out.append(line_, 0, at);
  out += "\r\n";
  line_.erase(0, at);
  if (in_header_ && !at_blank) line_.insert(0, 1, ' ');
  continued_ = changed_ = true;
}

}  // namespace postferry::engine
