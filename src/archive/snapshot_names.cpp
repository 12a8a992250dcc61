#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>

#include "pack_name.h"
#include "rfc3339.h"
#include "snapshot_file.h"
#include "tar_path.h"

namespace postferry::archive {
namespace {

constexpr std::string_view embedded_folder = ".postferry/snapshots/";
constexpr std::size_t time_length = 17;  // "20261124T040742Z-"

// "<slug>-<32 hex>"
std::string_view after_time(std::string_view name) {
  const auto file = name.substr(name.rfind('/') + 1);
  if (file.size() < time_length + 33 + 5) return {};
  return file.substr(time_length, file.size() - time_length - 5);
}

}  // namespace

std::string snapshot_name(std::chrono::sys_seconds at, const mail::AccountId& account, const codec::Digest& hash) {
  const auto time = compact_time(at);
  return fmt::format("snapshots/{}/{}/{}-{}-{}.json", time.substr(0, 4), time.substr(4, 2), time, account_slug(account),
                     to_hex(Bytes(hash).first(16)));
}

std::optional<std::chrono::sys_seconds> time_part(std::string_view name) {
  const auto time = name.substr(name.rfind('/') + 1).substr(0, time_length - 1);
  if (time.size() < time_length - 1) return std::nullopt;
  return read_utc(fmt::format("{}-{}-{}T{}:{}:{}Z", time.substr(0, 4), time.substr(4, 2), time.substr(6, 2), time.substr(9, 2),
                              time.substr(11, 2), time.substr(13, 2)));
}

std::string_view slug_part(std::string_view name) {
  const auto rest = after_time(name);
  return rest.empty() ? rest : rest.substr(0, rest.size() - 33);
}

std::string_view hash_part_of_snapshot(std::string_view name) {
  const auto rest = after_time(name);
  return rest.empty() ? rest : rest.substr(rest.size() - 32);
}

std::string embedded_name(const codec::Digest& hash) { return std::string(embedded_folder) + to_hex(hash) + ".json"; }
bool is_embedded_name(std::string_view name) { return name.starts_with(embedded_folder) && name.ends_with(".json"); }

PackList list_digest(const std::vector<std::string>& packs, std::size_t count) {
  codec::Sha256 hash;
  for (std::size_t i = 0; i < std::min(count, packs.size()); ++i) {
    hash.update(as_bytes(packs[i]));
    hash.update(as_bytes("\n"));
  }
  return {count, hash.finish(), false};
}

}  // namespace postferry::archive
