#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postferry {

// `text` (from a server, a file, a person) made safe for a terminal, a log line or an error sentence:
// C0, DEL, C1, bidi and other format controls and bytes that are not UTF-8 become \xHH or \u{HHHH}.
// With `most` > 0, at most that many bytes, cut at a character and ended by "...".
std::string printable(std::string_view text, std::size_t most = 0);

bool is_utf8(std::string_view text) noexcept;

// The character that `text` begins with. length 0: no well-formed UTF-8 there (also at the end of `text`).
struct Utf8Char {
  char32_t code = 0;
  std::size_t length = 0;
};
Utf8Char first_utf8(std::string_view text) noexcept;
void append_utf8(std::string& out, char32_t code);

// The longest beginning of at most `most` bytes that does not cut a UTF-8 character.
std::string_view cut_utf8(std::string_view text, std::size_t most) noexcept;

// Invisible characters that can make a terminal or a reader see something else than what is there: C0, DEL,
// C1, bidi marks and overrides, zero-width and other format characters, line and paragraph separators.
bool is_deceptive(char32_t code) noexcept;

// ASCII only, as protocols want it.
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// The whole of `text` as a decimal number, or nothing (sign, blank, overflow, empty: nothing).
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

// "12.3 MiB", "999 B"
std::string human_bytes(std::uint64_t bytes);

// Letters inserted, removed, replaced or swapped with their neighbour, at the least.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word` by edit distance, if near enough to be a misspelling.
template <class Range>
std::optional<std::string> nearest(std::string_view word, const Range& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = word.size() < 5 ? 2 : 1 + word.size() / 3;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance) best = std::string(candidate), best_distance = distance;
  }
  return best;
}

}  // namespace postferry
