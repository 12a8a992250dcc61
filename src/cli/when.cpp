#include "when.h"

#include <cctype>
#include <ctime>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::cli {
namespace {

using std::chrono::sys_seconds;

// Reads digits and marks off the front; any failure sticks.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  int digits(std::size_t count) {
    int out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return good_ = false, 0;
      out = out * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return out;
  }
  void mark(char c) { good_ = take(c) && good_; }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool ended() const { return rest_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<sys_seconds> local(std::chrono::year_month_day day, int hour, int minute, int second) {
  std::tm parts{};
  parts.tm_year = static_cast<int>(day.year()) - 1900;
  parts.tm_mon = static_cast<int>(static_cast<unsigned>(day.month())) - 1;
  parts.tm_mday = static_cast<int>(static_cast<unsigned>(day.day()));
  parts.tm_hour = hour, parts.tm_min = minute, parts.tm_sec = second;
  parts.tm_isdst = -1;
  const auto time = std::mktime(&parts);
  if (time == -1 && parts.tm_wday == 0 && parts.tm_yday == 0) return std::nullopt;
  return sys_seconds(std::chrono::seconds(time));
}

std::optional<sys_seconds> zoned(Scanner& scan, std::chrono::year_month_day day, int hour, int minute,
                                 int second) {
  const auto utc = std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                   std::chrono::seconds(second);
  if (scan.take('Z') || scan.take('z')) return utc;
  const bool east = scan.take('+');
  if (!east && !scan.take('-')) return local(day, hour, minute, second);
  const int hours = scan.digits(2);
  scan.take(':');
  const auto offset = std::chrono::hours(hours) + std::chrono::minutes(scan.digits(2));
  return east ? utc - offset : utc + offset;
}

}  // namespace

std::optional<Instant> read_date(const std::string& text) {
  using namespace std::chrono;
  Scanner scan(text);
  const int y = scan.digits(4);
  scan.mark('-');
  const int m = scan.digits(2);
  scan.mark('-');
  const int d = scan.digits(2);
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!scan.good() || !date.ok()) return std::nullopt;
  if (scan.ended()) {
    // the next midnight is asked of the calendar: a day may have 23 or 25 hours
    const year_month_day next = sys_days(date) + days(1);
    const auto begin = local(date, 0, 0, 0), end = local(next, 0, 0, 0);
    if (!begin || !end) return std::nullopt;
    return Instant{*begin, *end};
  }
  if (!scan.take('T')) scan.mark(' ');
  const int hour = scan.digits(2);
  scan.mark(':');
  const int minute = scan.digits(2);
  const bool with_seconds = scan.take(':');
  const int second = with_seconds ? scan.digits(2) : 0;
  if (!scan.good() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto begin = zoned(scan, date, hour, minute, second);
  if (!begin || !scan.good() || !scan.ended()) return std::nullopt;
  return Instant{*begin, *begin + (with_seconds ? seconds(1) : seconds(60))};
}

Instant need_date(const std::string& option, const std::string& text) {
  if (const auto date = read_date(text)) return *date;
  throw Error(
      Cause::config, Blast::run, Retry::never,
      fmt::format("{}: \"{}\" is no date (2024-03-01, or 2024-03-01T18:30)", option, printable(text, 60)));
}

std::optional<std::uint64_t> read_size(const std::string& text) {
  std::size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  const auto number = parse_number(std::string_view(text).substr(0, digits));
  auto unit = lower(std::string_view(text).substr(digits));
  if (!number) return std::nullopt;
  if (unit.empty() || unit == "b") return number;
  const auto power = std::string_view("kmgt").find(unit.front());
  if (power == std::string_view::npos) return std::nullopt;
  unit.erase(0, 1);
  const bool decimal = unit == "b";
  if (!unit.empty() && unit != "ib" && unit != "i" && !decimal) return std::nullopt;
  std::uint64_t out = *number;
  for (std::size_t i = 0; i <= power; ++i) {
    if (__builtin_mul_overflow(out, decimal ? 1000u : 1024u, &out)) return std::nullopt;
  }
  return out;
}

std::string local_time(sys_seconds when) {
  const std::time_t time = when.time_since_epoch().count();
  std::tm parts{};
  localtime_r(&time, &parts);
  return fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

std::string rfc3339(sys_seconds when, std::chrono::minutes zone) {
  const std::time_t time = (when + zone).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  if (zone.count() == 0) return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", parts);
  const auto distance = std::chrono::abs(zone).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}{:02}:{:02}", parts, zone.count() < 0 ? '-' : '+', distance / 60,
                     distance % 60);
}

std::string shown_date(const std::optional<mail::Received>& received) {
  if (!received) return "-";
  const std::time_t time = (received->at + received->zone).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string grouped(std::uint64_t number) {
  const auto digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : many);
}

}  // namespace postferry::cli
