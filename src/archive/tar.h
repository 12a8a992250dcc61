#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/bytes.h>

namespace postferry::archive {

// The tar of FORMAT.md: ustar (POSIX.1-1988), mode 0644, uid and gid 0; a pax header (POSIX.1-2001) only
// where ustar cannot hold the path or the size.
inline constexpr std::size_t tar_block = 512;

// Where the entry after one of `size` bytes begins: whole blocks.
inline std::uint64_t tar_padded(std::uint64_t size) { return (size + tar_block - 1) / tar_block * tar_block; }

// What ustar can say: 0 to 2^33-1.
std::int64_t tar_mtime(std::int64_t mtime);

// How many bytes append_tar_header() will append.
std::size_t tar_header_bytes(std::string_view path, std::uint64_t size);
void append_tar_header(std::vector<std::byte>& out, std::string_view path, std::uint64_t size,
                       std::int64_t mtime);
void append_tar_padding(std::vector<std::byte>& out, std::uint64_t size);

struct TarHead {
  std::string path;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  std::size_t header_bytes = 0;  // pax header included: the entry's bytes begin after them
};

enum class TarRead {
  entry,  // `head` is filled
  zeros,  // a block of zeros: the end of a tar
  cut,    // `raw` ends within the header
  bad,    // no header of a regular file
};

// Reads the header that `raw` begins with. Memory stays bounded whatever the bytes say.
TarRead read_tar_header(Bytes raw, TarHead& head);

}  // namespace postferry::archive
