#include "safe_name.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include <postferry/base/text.h>

namespace postferry::cli {
namespace {

// Names that DOS keeps for devices, with any extension.
bool is_device(const std::string& word) {
  const auto stem = lower(word.substr(0, word.find('.')));
  static constexpr std::array<std::string_view, 4> names{"con", "prn", "aux", "nul"};
  if (std::find(names.begin(), names.end(), stem) != names.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' &&
         stem[3] <= '9';
}

std::size_t length_of(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

}  // namespace

std::string safe_word(const std::string& word, std::size_t most) {
  std::string out;
  const bool utf8 = is_utf8(word);
  for (std::size_t i = 0; i < word.size();) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const auto length = utf8 ? length_of(byte) : 1;
    const auto character = word.substr(i, length);
    i += length;
    const bool forbidden = character.size() == 1 &&
                           (byte < 0x20 || byte == 0x7F || (!utf8 && byte >= 0x80) ||
                            std::string_view("/\\:*?\"<>|").find(character[0]) != std::string_view::npos);
    // printable() leaves a character alone unless it is a control, a bidi mark or another format character
    const bool invisible = character.size() > 1 && printable(character) != character;
    const auto next = forbidden || invisible ? std::string("_") : character;
    if (out.size() + next.size() > most) break;
    out += next;
  }
  if (!out.empty() && std::string_view("-.~").find(out.front()) != std::string_view::npos) out.front() = '_';
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  if (out.empty()) return "_";
  return is_device(out) ? "_" + out : out;
}

std::string UniqueNames::take(const std::string& wish) {
  if (taken_.insert(lower(wish)).second) return wish;
  for (unsigned n = 2;; ++n) {
    auto name = fmt::format("{}~{}", wish, n);
    if (taken_.insert(lower(name)).second) return name;
  }
}

}  // namespace postferry::cli
