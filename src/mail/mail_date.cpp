#include "mail_date.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "normalise.h"

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t most_words = 6;

// The words of a date; more than there may be end the list.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n,";
  std::vector<std::string_view> out;
  out.reserve(most_words + 1);
  while (out.size() <= most_words) {
    const auto from = text.find_first_not_of(blanks);
    if (from == std::string_view::npos) break;
    const auto to = std::min(text.find_first_of(blanks, from), text.size());
    out.push_back(text.substr(from, to - from));
    text.remove_prefix(to);
  }
  return out;
}

// 1 to `most` digits, at most `limit`.
std::optional<unsigned> number(std::string_view word, std::size_t least, std::size_t most, unsigned limit) {
  if (word.size() < least || word.size() > most) return std::nullopt;
  const auto value = parse_number(word);
  if (!value || *value > limit) return std::nullopt;
  return static_cast<unsigned>(*value);
}

template <std::size_t N>
std::optional<unsigned> place_in(const std::array<std::string_view, N>& names, std::string_view word) {
  for (unsigned i = 0; i < N; ++i) {
    if (equal_ignoring_case(word, names[i])) return i;
  }
  return std::nullopt;
}

bool is_day_name(std::string_view word) {
  constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  return place_in(days, word.substr(0, 3)).has_value();
}

std::optional<unsigned> month(std::string_view word) {
  constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
  return place_in(months, word);
}

std::optional<int> year(std::string_view word) {
  const auto value = number(word, 2, 4, 9999);
  if (!value) return std::nullopt;
  const int y = static_cast<int>(*value);
  if (word.size() == 4) return y;
  return word.size() == 3 || y >= 50 ? y + 1900 : y + 2000;
}

std::optional<seconds> time_of_day(std::string_view word) {
  const auto first = word.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = word.find(':', first + 1);
  const bool has_seconds = second != std::string_view::npos;
  const auto h = number(word.substr(0, first), 1, 2, 23);
  const auto m = number(word.substr(first + 1, has_seconds ? second - first - 1 : word.size()), 2, 2, 59);
  const auto s = has_seconds ? number(word.substr(second + 1), 2, 2, 60) : 0U;
  if (!h || !m || !s) return std::nullopt;
  return std::chrono::hours(*h) + minutes(*m) + seconds(*s);
}

std::optional<minutes> zone(std::string_view word) {
  constexpr std::array<std::string_view, 12> names = {"ut",  "utc", "gmt", "z",   "est", "edt",
                                                      "cst", "cdt", "mst", "mdt", "pst", "pdt"};
  constexpr std::array<int, 12> hours = {0, 0, 0, 0, -5, -4, -6, -5, -7, -6, -8, -7};
  if (const auto i = place_in(names, word)) return minutes(hours[*i] * 60);
  if (word.size() != 5 || (word[0] != '+' && word[0] != '-')) return std::nullopt;
  const auto h = number(word.substr(1, 2), 2, 2, 23);
  const auto m = number(word.substr(3, 2), 2, 2, 59);
  if (!h || !m) return std::nullopt;
  const minutes offset(*h * 60 + *m);
  return word[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<std::chrono::sys_seconds> mail_date(std::string_view text) {
  const std::string plain = without_comments(text);
  auto words = words_of(plain);
  if (!words.empty() && is_day_name(words.front())) words.erase(words.begin());
  if (words.size() != 5) return std::nullopt;
  const auto d = number(words[0], 1, 2, 31);
  const auto m = month(words[1]);
  const auto y = year(words[2]);
  const auto time = time_of_day(words[3]);
  const auto offset = zone(words[4]);
  if (!d || !m || !y || !time || !offset) return std::nullopt;
  const std::chrono::year_month_day day(std::chrono::year(*y), std::chrono::month(*m + 1),
                                        std::chrono::day(*d));
  if (!day.ok() || *y < 1) return std::nullopt;
  return std::chrono::sys_days(day) + *time - *offset;
}

}  // namespace postferry::mail
