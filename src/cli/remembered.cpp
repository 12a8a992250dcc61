#include <cstdlib>
#include <fstream>
#include <system_error>

#include "open_archive.h"

namespace postferry::cli {
namespace {

std::filesystem::path list_file() {
  std::filesystem::path folder;
  if (const char* given = std::getenv("XDG_STATE_HOME"); given && *given == '/') {
    folder = given;
  } else if (const char* home = std::getenv("HOME"); home && *home == '/') {
    folder = std::filesystem::path(home) / ".local" / "state";
  }
  return folder.empty() ? folder : folder / "postferry" / "archives";
}

}  // namespace

bool is_remembered(const std::filesystem::path& path) {
  const auto file = list_file();
  if (file.empty()) return false;
  std::ifstream list(file);
  for (std::string line; std::getline(list, line);) {
    if (line == path.native()) return true;
  }
  return false;
}

void remember(const std::filesystem::path& path) {
  const auto file = list_file();
  // a path with a line break is not remembered: it costs it only this safety
  if (file.empty() || path.native().find('\n') != std::string::npos || is_remembered(path)) return;
  std::error_code ignored;  // without a state folder there is no memory, and a backup must not fail of it
  std::filesystem::create_directories(file.parent_path(), ignored);
  std::ofstream(file, std::ios::app) << path.native() << '\n';
}

}  // namespace postferry::cli
