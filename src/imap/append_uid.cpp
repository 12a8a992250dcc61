#include "append_uid.h"

#include <algorithm>
#include <optional>

#include <postferry/base/text.h>

namespace postferry::imap {
namespace {

std::optional<std::uint32_t> take_number(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, end));
  text.remove_prefix(end);
  if (!number || *number == 0 || *number > 0xFFFFFFFFu) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::vector<Appended> parse_append_uid(std::string_view arguments, std::size_t messages) {
  std::vector<Appended> out;
  const auto uidvalidity = take_number(arguments);
  if (!uidvalidity || !take(arguments, ' ')) return {};
  while (take(arguments, ' ')) {
  }
  do {
    const auto first = take_number(arguments);
    const auto last = take(arguments, ':') ? take_number(arguments) : first;
    if (!first || !last || *last < *first) return {};
    if (*last - *first >= messages - out.size()) return {};
    for (auto uid = *first;; ++uid) {
      if (!out.empty() && uid <= out.back().uid) return {};
      out.push_back({*uidvalidity, uid});
      if (uid == *last) break;
    }
  } while (take(arguments, ','));
  while (take(arguments, ' ')) {
  }
  if (!arguments.empty() || out.size() != messages) return {};
  return out;
}

}  // namespace postferry::imap
