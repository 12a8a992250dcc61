#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include <sys/stat.h>

#include <postferry/base/error.h>

namespace postferry::posix {

// The error of a failed system call on `path`: "/a/b: cannot write: No space left on device".
// ENOENT and ENOTDIR have the cause `missing`, all others `storage`.
Error failure(const std::filesystem::path& path, std::string_view verb, int code);

// A descriptor, closed with the object; close() reports what the destructor must swallow.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  void close(const std::filesystem::path& path);  // NFS and quotas tell only here that a write failed

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC, again after EINTR. `mode` is what a new file gets, whatever the umask.
Descriptor open(const std::filesystem::path& path, int flags, mode_t mode = 0600);

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path);
// How many bytes were read; fewer than asked only at the end of the file.
std::size_t read_at(int fd, std::uint64_t from, std::span<std::byte> into, const std::filesystem::path& path);
// Asks the kernel to begin writing these bytes, and does not wait. Only a hint: an error shows in sync().
void start_writing(int fd, std::uint64_t from, std::uint64_t bytes) noexcept;
void sync(int fd, const std::filesystem::path& path);
void sync_folder(const std::filesystem::path& folder);

// Ways to rename without replacing, best first; the next is taken where the file system lacks one.
enum class NoReplace { renameat2, link, look_first };

// Renames `from` to `to`; false if something of that name is there already (nothing is changed then).
bool rename_no_replace(const std::filesystem::path& from, const std::filesystem::path& to,
                       NoReplace best = NoReplace::renameat2);

}  // namespace postferry::posix
