#include <array>
#include <chrono>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "fetch_reader.h"

namespace postferry::imap {
namespace {

constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};

constexpr std::array<std::string_view, 12> written_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes the digits at the front of `text`, at least one and at most `most`.
std::optional<int> take_number(std::string_view& text, std::size_t most) {
  std::size_t n = 0;
  int out = 0;
  while (n < text.size() && n < most && text[n] >= '0' && text[n] <= '9') out = out * 10 + (text[n++] - '0');
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return out;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<unsigned> take_month(std::string_view& text) {
  if (text.size() < 3) return std::nullopt;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (!equal_ignoring_case(text.substr(0, 3), months.at(i))) continue;
    text.remove_prefix(3);
    return i + 1;
  }
  return std::nullopt;
}

std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const bool west = text[0] == '-';
  text.remove_prefix(1);
  if (text.size() < 4) return std::nullopt;
  const auto digits = take_number(text, 4);
  if (!digits || *digits % 100 >= 60 || *digits / 100 > 15) return std::nullopt;
  const std::chrono::minutes zone(*digits / 100 * 60 + *digits % 100);
  return west ? -zone : zone;
}

}  // namespace

std::optional<mail::Received> parse_date_time(std::string_view text) {
  using namespace std::chrono;
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto d = take_number(text, 2);
  if (!d || !take(text, '-')) return std::nullopt;
  const auto m = take_month(text);
  if (!m || !take(text, '-')) return std::nullopt;
  const auto y = take_number(text, 4);
  if (!y || !take(text, ' ')) return std::nullopt;
  const auto h = take_number(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  const auto min = take_number(text, 2);
  if (!min || !take(text, ':')) return std::nullopt;
  const auto s = take_number(text, 2);
  if (!s || !take(text, ' ')) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;

  const year_month_day date{year(*y), month(*m), day(static_cast<unsigned>(*d))};
  if (!date.ok() || *h > 23 || *min > 59 || *s > 60) return std::nullopt;
  return mail::Received{sys_days(date) + hours(*h) + minutes(*min) + seconds(*s) - *zone, *zone};
}

std::string format_date_time(const mail::Received& received) {
  using namespace std::chrono;
  // A zone that the grammar cannot hold says nothing; the instant counts.
  const auto zone = abs(received.zone) < hours(16) ? received.zone : minutes(0);
  const auto local = received.at + zone;
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  const hh_mm_ss time(local - midnight);
  const auto offset = abs(zone).count();
  return fmt::format("\"{:2}-{}-{:04} {:02}:{:02}:{:02} {}{:02}{:02}\"", static_cast<unsigned>(date.day()),
                     written_months.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count(), zone.count() < 0 ? '-' : '+', offset / 60, offset % 60);
}

}  // namespace postferry::imap
