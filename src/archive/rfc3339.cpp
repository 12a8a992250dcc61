#include "rfc3339.h"

#include <charconv>

namespace postferry::archive {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

void append_digits(std::string& out, unsigned value, unsigned digits) {
  for (unsigned divisor = digits == 4 ? 1000 : 10; divisor > 0; divisor /= 10) {
    out += static_cast<char>('0' + value / divisor % 10);
  }
}

bool digits_at(std::string_view text, std::size_t at, std::size_t count, unsigned& value) {
  const auto* first = text.data() + at;
  const auto [end, bad] = std::from_chars(first, first + count, value);
  return bad == std::errc{} && end == first + count;
}

// "Z", "+hh:mm" or "-hh:mm"
std::optional<minutes> read_zone(std::string_view text) {
  if (text == "Z" || text == "z") return minutes{0};
  unsigned hour = 0, minute = 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !digits_at(text, 1, 2, hour) ||
      !digits_at(text, 4, 2, minute) || minute > 59) {
    return std::nullopt;
  }
  const minutes zone(hour * 60 + minute);
  return text[0] == '-' ? -zone : zone;
}

}  // namespace

bool append_rfc3339(std::string& out, const mail::Received& when) {
  using namespace std::chrono;
  const auto zone = when.zone.count();
  if (zone <= -24 * 60 || zone >= 24 * 60) return false;
  const sys_seconds local = when.at + when.zone;
  if (local < sys_seconds(sys_days(year(0) / 1 / 1)) || local >= sys_seconds(sys_days(year(10000) / 1 / 1))) return false;
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss time(local - day);
  append_digits(out, static_cast<unsigned>(int(date.year())), 4);
  out += '-';
  append_digits(out, unsigned(date.month()), 2);
  out += '-';
  append_digits(out, unsigned(date.day()), 2);
  out += 'T';
  append_digits(out, static_cast<unsigned>(time.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(time.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(time.seconds().count()), 2);
  out += zone < 0 ? '-' : '+';
  const auto distance = static_cast<unsigned>(zone < 0 ? -zone : zone);
  append_digits(out, distance / 60, 2);
  out += ':';
  append_digits(out, distance % 60, 2);
  return true;
}

std::optional<mail::Received> read_rfc3339(std::string_view text) {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  if (!digits_at(text, 0, 4, year) || !digits_at(text, 5, 2, month) || !digits_at(text, 8, 2, day) ||
      !digits_at(text, 11, 2, hour) || !digits_at(text, 14, 2, minute) || !digits_at(text, 17, 2, second)) {
    return std::nullopt;
  }
  const auto date = std::chrono::year(static_cast<int>(year)) / std::chrono::month(month) / std::chrono::day(day);
  const auto zone = read_zone(text.substr(19));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || !zone) return std::nullopt;
  const sys_seconds local = sys_seconds(sys_days(date)) + seconds(hour * 3600 + minute * 60 + second);
  return mail::Received{local - *zone, *zone};
}

std::optional<sys_seconds> read_utc(std::string_view text) {
  const auto when = read_rfc3339(text);
  return when ? std::optional(when->at) : std::nullopt;
}

}  // namespace postferry::archive
