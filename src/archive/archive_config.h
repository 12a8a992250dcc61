#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>

namespace postferry::archive {

// postferry.json.
struct ArchiveConfig {
  std::string id;  // 32 hex
  std::chrono::sys_seconds created;
  codec::Codec codec = codec::Codec::zstd;
  std::vector<std::string> unknown_requires;  // words of `requires` that this version does not know: read, don't write
};

std::string write_config(const ArchiveConfig& config);
// Error{damaged, run, never}, or Error{config, run, never} for a newer format.
ArchiveConfig read_config(const std::string& bytes, const std::string& where);

}  // namespace postferry::archive
