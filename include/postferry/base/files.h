#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <postferry/base/ports.h>

namespace postferry {

// The real disk and the real clock.
std::unique_ptr<Files> disk_files();
std::unique_ptr<Clock> system_clock();

// A file without a name in `folder` (O_TMPFILE, else created and unlinked), 0600, written once, then
// read any number of times from any thread. Gone with the object, also after a kill.
class ScratchFile {
 public:
  explicit ScratchFile(const std::filesystem::path& folder);
  ~ScratchFile();
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&& other) noexcept;

  void append(std::span<const std::byte> bytes);
  // How many bytes were read; fewer than asked only at the end.
  std::size_t read_at(std::uint64_t from, std::span<std::byte> into) const;
  std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path folder_;  // for error sentences
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// Reads a whole small file (configuration, a snapshot); Error{storage} beyond `most`, Error{missing} if it is
// not there.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t most = 64u << 20);

}  // namespace postferry
