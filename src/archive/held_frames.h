#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include <postferry/archive/toc.h>
#include <postferry/base/bytes.h>
#include <postferry/base/files.h>

namespace postferry::archive {

// Compressed meta-frames that wait for the end of their pack: in memory up to 1 MiB, then in a scratch file.
class HeldFrames {
 public:
  explicit HeldFrames(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void add(Bytes frame);
  std::uint64_t size() const { return size_; }
  // Gives all bytes in order, and forgets them.
  void drain(const std::function<void(Bytes)>& into);

 private:
  std::filesystem::path folder_;
  std::vector<std::byte> memory_;  // what came last
  std::optional<ScratchFile> scratch_;
  std::uint64_t size_ = 0;
};

}  // namespace postferry::archive
