#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postferry::archive {

// Which process, on which boot of which machine: what locks and work folders are signed with.
struct ProcessIdentity {
  std::string host;               // [A-Za-z0-9._-]
  std::string boot;               // 36 characters, as the kernel prints it
  std::uint32_t pid = 0;
  std::uint64_t pid_started = 0;  // ticks after boot: tells a process from a later one with the same pid

  // Whether that process is surely gone: it ran on this machine, and the machine was restarted or has no such process.
  bool is_surely_dead() const;
};

ProcessIdentity this_process();

// "<host>-<boot>-<pid>-<8 hex>" under tmp/.
std::string work_folder_name(const ProcessIdentity& process);
std::optional<ProcessIdentity> owner_of_work_folder(std::string_view name);

std::string random_hex(std::size_t digits);

}  // namespace postferry::archive
