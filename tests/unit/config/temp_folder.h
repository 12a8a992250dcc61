#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace postferry::config {

// A folder of a test's own, gone with it.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "postferry-test-XXXXXX").native();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
    std::ofstream(path_ / name) << text;
    std::filesystem::permissions(path_ / name, static_cast<std::filesystem::perms>(mode));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace postferry::config
