#include "pack_name.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <postferry/base/bytes.h>

namespace postferry::archive {
namespace {

struct Civil {
  int year;
  unsigned month, day;
  long long hour, minute, second;
};

Civil civil(std::chrono::sys_seconds at) {
  using namespace std::chrono;
  const sys_seconds first = sys_days(year(0) / 1 / 1);
  const sys_seconds last = sys_days(year(9999) / 12 / 31) + hours(23);
  at = std::clamp(at, first, last);
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  return {int(date.year()),     unsigned(date.month()), unsigned(date.day()),
          time.hours().count(), time.minutes().count(), time.seconds().count()};
}

constexpr std::string_view toc_folder = ".postferry/", toc_ending = ".toc.jsonl";

}  // namespace

std::string compact_time(std::chrono::sys_seconds at) {
  const auto c = civil(at);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string rfc3339_utc(std::chrono::sys_seconds at) {
  const auto c = civil(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

std::string pack_name(std::chrono::sys_seconds at, const codec::Digest& file, codec::Codec codec) {
  const auto c = civil(at);
  return fmt::format("packs/{:04}/{:02}/{}-{}.tar.{}", c.year, c.month, compact_time(at),
                     to_hex(Bytes(file).first(16)), codec::extension(codec));
}

codec::Codec codec_of_pack(std::string_view name) {
  return name.ends_with(".gz") ? codec::Codec::gzip : codec::Codec::zstd;
}

std::string_view hash_part(std::string_view pack_name) {
  const auto file = pack_name.substr(pack_name.rfind('/') + 1);
  const auto dash = file.find('-');
  return dash == std::string_view::npos ? std::string_view{} : file.substr(dash + 1, 32);
}

std::string toc_name(std::chrono::sys_seconds at) {
  return fmt::format("{}{}-{:08x}{}", toc_folder, compact_time(at), std::random_device{}(), toc_ending);
}

bool is_toc_name(std::string_view path) { return path.starts_with(toc_folder) && path.ends_with(toc_ending); }

codec::Digest hash_in_name(std::string_view path) {
  codec::Digest out{};
  const auto file = path.substr(path.rfind('/') + 1);
  const auto hex = file.substr(0, file.find('.'));
  if (hex.size() != 2 * out.size()) return out;
  if (const auto bytes = from_hex(hex)) std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace postferry::archive
