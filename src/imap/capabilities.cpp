#include "capabilities.h"

#include <algorithm>

namespace postferry::imap {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

void Capabilities::take(std::string_view words) {
  words_.clear();
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (end > 0) words_.insert(upper(words.substr(0, end)));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

bool Capabilities::has(std::string_view capability) const { return words_.contains(upper(capability)); }

std::optional<std::string> Capabilities::value(std::string_view capability) const {
  const auto sign = upper(capability) + "=";
  const auto found = words_.lower_bound(sign);
  if (found == words_.end() || !found->starts_with(sign)) return std::nullopt;
  return found->substr(sign.size());
}

std::string Capabilities::text() const {
  std::string out;
  for (const auto& word : words_) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace postferry::imap
