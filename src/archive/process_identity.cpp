#include "process_identity.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <random>

#include <unistd.h>

#include <fmt/format.h>
#include <postferry/base/text.h>

namespace postferry::archive {
namespace {

constexpr std::size_t boot_length = 36, random_length = 8;
constexpr std::string_view unknown_boot = "00000000-0000-0000-0000-000000000000";

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string out;
  if (!(in >> out) || out.size() != boot_length) return std::string(unknown_boot);
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "unknown";
  std::string out(name.data());
  for (auto& c : out) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return out.substr(0, 64);
}

// Field 22 of /proc/<pid>/stat; the name in field 2 may hold blanks and brackets.
std::uint64_t start_of(std::uint32_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(in, line)) return 0;
  std::string_view rest = line;
  const auto bracket = rest.rfind(") ");
  if (bracket == std::string_view::npos) return 0;
  rest.remove_prefix(bracket + 2);
  for (int field = 3; field < 22; ++field) {
    const auto blank = rest.find(' ');
    if (blank == std::string_view::npos) return 0;
    rest.remove_prefix(blank + 1);
  }
  return parse_number(rest.substr(0, rest.find(' '))).value_or(0);
}

}  // namespace

bool ProcessIdentity::is_surely_dead() const {
  static const std::string our_host = host_name(), our_boot = boot_id();
  if (host != our_host || pid == 0) return false;
  if (boot != our_boot) return boot != unknown_boot && our_boot != unknown_boot;
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return true;
  if (pid_started == 0) return false;
  const auto started = start_of(pid);
  return started != 0 && started != pid_started;
}

ProcessIdentity this_process() {
  const auto pid = static_cast<std::uint32_t>(::getpid());
  return {host_name(), boot_id(), pid, start_of(pid)};
}

std::string random_hex(std::size_t digits) {
  std::random_device random;
  std::string out;
  while (out.size() < digits) out += fmt::format("{:08x}", random());
  return out.substr(0, digits);
}

std::string work_folder_name(const ProcessIdentity& process) {
  return fmt::format("{}-{}-{}-{}", process.host, process.boot, process.pid, random_hex(random_length));
}

std::optional<ProcessIdentity> owner_of_work_folder(std::string_view name) {
  const auto cut = [&](std::size_t length) -> std::optional<std::string_view> {
    if (name.size() < length + 2 || name[name.size() - length - 1] != '-') return std::nullopt;
    const auto out = name.substr(name.size() - length);
    name.remove_suffix(length + 1);
    return out;
  };
  if (!cut(random_length)) return std::nullopt;
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto pid = cut(name.size() - dash - 1);
  const auto boot = cut(boot_length);
  if (!pid || !boot || name.empty()) return std::nullopt;
  const std::uint64_t number = parse_number(*pid).value_or(0);
  if (number == 0 || number > 0x7FFFFFFF) return std::nullopt;
  return ProcessIdentity{std::string(name), std::string(*boot), static_cast<std::uint32_t>(number), 0};
}

}  // namespace postferry::archive
