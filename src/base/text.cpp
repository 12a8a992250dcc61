#include <postferry/base/text.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace postferry {
namespace {

char lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What stands for the character that `text` begins with, and how many bytes it took.
std::size_t spell(std::string_view text, std::string& piece) {
  piece.clear();
  const auto c = first_utf8(text);
  if (c.length == 0 || c.code < 0x20 || c.code == 0x7F) {
    piece = fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    return 1;
  }
  if (is_deceptive(c.code)) {
    piece = fmt::format("\\u{{{:X}}}", static_cast<std::uint32_t>(c.code));
  } else {
    piece.assign(text.substr(0, c.length));
  }
  return c.length;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (plain && (most == 0 || text.size() <= most)) return std::string(text);

  constexpr std::string_view dots = "...";
  const std::size_t room = most > dots.size() ? most - dots.size() : 0;
  std::string out;
  std::string piece;
  std::size_t keep = 0;  // the longest `out` that still leaves room for the dots
  for (std::size_t i = 0; i < text.size();) {
    i += spell(text.substr(i), piece);
    if (most > 0 && out.size() + piece.size() > most) {
      out.resize(keep);
      out += dots.substr(0, std::min(dots.size(), most));
      return out;
    }
    out += piece;
    if (out.size() <= room) keep = out.size();
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_ascii);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, bad] = std::from_chars(text.data(), last, value);
  if (bad != std::errc{} || end != last) return std::nullopt;
  return value;
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array<const char*, 6> units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0
  for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // three rows of the table of optimal string alignment: neighbours swapped count once
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace postferry
