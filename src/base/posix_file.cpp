#include "posix_file.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <postferry/base/text.h>

namespace postferry::posix {
namespace fs = std::filesystem;

Error failure(const fs::path& path, std::string_view verb, int code) {
  const Cause cause = code == ENOENT || code == ENOTDIR ? Cause::missing : Cause::storage;
  Error error(cause, Blast::run, Retry::never,
              fmt::format("{}: cannot {}: {}", printable(path.native()), verb,
                          std::error_code(code, std::generic_category()).message()));
  if (code == ENOSPC || code == EDQUOT)
    error.advice = "make room on that disk and run it again; it goes on where it stopped";
  return error;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void Descriptor::close(const fs::path& path) {
  // on Linux the descriptor is gone also after EINTR, and a second close could hit somebody else's
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) throw failure(path, "close", errno);
}

Descriptor open(const fs::path& path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw failure(path, (flags & O_CREAT) != 0 ? "create" : "open", errno);
  Descriptor out(fd);
  // a umask of 0277 would leave us a file that we cannot read back
  if ((flags & O_CREAT) != 0 && ::fchmod(fd, mode) != 0 && errno != EPERM && errno != ENOTSUP) {
    throw failure(path, "set the mode of", errno);
  }
  return out;
}

void write_all(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      throw failure(path, "write", errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

std::size_t read_at(int fd, std::uint64_t from, std::span<std::byte> into, const fs::path& path) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(from + done));
    if (n < 0) {
      if (errno == EINTR) continue;
      throw failure(path, "read", errno);
    }
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void start_writing(int fd, std::uint64_t from, std::uint64_t bytes) noexcept {
  ::sync_file_range(fd, static_cast<off_t>(from), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
}

void sync(int fd, const fs::path& path) {
  // never tried again: after a failed fsync the kernel may have dropped the pages and would say yes
  if (::fsync(fd) != 0) throw failure(path, "sync", errno);
}

void sync_folder(const fs::path& folder) {
  const auto fd = open(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY);
  // SMB and some FUSE file systems cannot sync a folder; there the server keeps its own order
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) throw failure(folder, "sync", errno);
}

namespace {

bool is_unsupported(int code) {
  return code == EINVAL || code == ENOSYS || code == ENOTSUP || code == EPERM || code == EMLINK;
}

// Yes, no (it is there), or: this file system does not know how.
enum class Tried { yes, there, unsupported };

Tried outcome(int result, const fs::path& to) {
  if (result == 0) return Tried::yes;
  if (errno == EEXIST) return Tried::there;
  if (is_unsupported(errno)) return Tried::unsupported;
  throw failure(to, "publish", errno);
}

Tried by_link(const fs::path& from, const fs::path& to) {
  const Tried tried = outcome(::link(from.c_str(), to.c_str()), to);
  if (tried == Tried::yes && ::unlink(from.c_str()) != 0 && errno != ENOENT)
    throw failure(from, "remove", errno);
  return tried;
}

// Two steps, where a file system can do neither of the others. Between them only a file of the same name
// could be replaced, and our names are random or the hash of what they hold.
Tried by_looking_first(const fs::path& from, const fs::path& to) {
  struct stat info{};
  if (::lstat(to.c_str(), &info) == 0) return Tried::there;
  if (errno != ENOENT) throw failure(to, "publish", errno);
  if (std::rename(from.c_str(), to.c_str()) != 0) throw failure(to, "publish", errno);
  return Tried::yes;
}

}  // namespace

bool rename_no_replace(const fs::path& from, const fs::path& to, NoReplace best) {
  Tried tried = Tried::unsupported;
  if (best == NoReplace::renameat2) {
    tried = outcome(::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE), to);
  }
  if (tried == Tried::unsupported && best != NoReplace::look_first) tried = by_link(from, to);
  if (tried == Tried::unsupported) tried = by_looking_first(from, to);
  return tried == Tried::yes;
}

}  // namespace postferry::posix
