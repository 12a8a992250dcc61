#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <postferry/config/config.h>

#include "options.h"

namespace postferry::cli {

// An account by its name in the configuration or by its address. Error{config}, with the nearest name, for
// neither; also for plain text beyond this machine without --allow-plaintext.
config::Account find_account(const std::string& word, const config::Config& config, const Options& options);

struct ArchivePlace {
  std::filesystem::path path;  // absolute
  std::string codec;           // as configured; may be empty
  bool configured = false;
};

// An archive by its name in the configuration, or a path. A bare word that is neither a name nor a folder
// that is there is refused if the configuration has archives: it is a misspelt name more often than a new
// folder.
ArchivePlace find_archive(const std::string& word, const config::Config& config);

}  // namespace postferry::cli
