#include "parts.h"

#include <charconv>

#include <postferry/base/text.h>

namespace postferry::cli {

std::optional<Part> read_part(const std::string& text) {
  Part out;
  if (text.ends_with('%')) {
    const auto* end = text.data() + text.size() - 1;
    const auto [stopped, bad] = std::from_chars(text.data(), end, out.percent, std::chars_format::fixed);
    if (bad != std::errc{} || stopped != end || !(out.percent > 0 && out.percent <= 100)) return std::nullopt;
    return out;
  }
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto n = parse_number(text.substr(0, slash)), all = parse_number(text.substr(slash + 1));
  if (!n || !all || *n < 1 || *n > *all || *all > 100000) return std::nullopt;
  out.part = {static_cast<unsigned>(*n), static_cast<unsigned>(*all)};
  return out;
}

}  // namespace postferry::cli
