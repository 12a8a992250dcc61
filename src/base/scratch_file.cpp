#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "posix_file.h"

#include <postferry/base/files.h>

namespace postferry {
namespace fs = std::filesystem;
namespace {

int open_scratch(const fs::path& folder) {
  const fs::path where = folder.empty() ? fs::path(".") : folder;
  int fd = -1;
  do {
    fd = ::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  } while (fd < 0 && errno == EINTR);
  if (fd >= 0) return fd;
  // NFS, SMB and old FUSE file systems have no O_TMPFILE; some say so with EISDIR
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOSYS) {
    throw posix::failure(where, "make a temporary file in", errno);
  }
  std::string name = (where / ".postferry-XXXXXX").native();
  fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) throw posix::failure(where, "make a temporary file in", errno);
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

ScratchFile::ScratchFile(const fs::path& folder) : folder_(folder), descriptor_(open_scratch(folder)) {}

ScratchFile::~ScratchFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : folder_(std::move(other.folder_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(std::exchange(other.size_, 0)) {}

ScratchFile& ScratchFile::operator=(ScratchFile&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

void ScratchFile::append(std::span<const std::byte> bytes) {
  posix::write_all(descriptor_, bytes, folder_ / "(temporary file)");
  size_ += bytes.size();
}

std::size_t ScratchFile::read_at(std::uint64_t from, std::span<std::byte> into) const {
  return posix::read_at(descriptor_, from, into, folder_ / "(temporary file)");
}

}  // namespace postferry
