#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "posix_file.h"

#include <fmt/format.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

namespace postferry {

std::string read_text_file(const std::filesystem::path& path, std::uint64_t most) {
  const auto file = posix::open(path, O_RDONLY);
  std::string out;
  std::string piece(65536, '\0');
  while (true) {
    // read, not pread: a shell's <(...) is a pipe
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw posix::failure(path, "read", errno);
    if (got == 0) return out;
    out.append(piece, 0, static_cast<std::size_t>(got));
    if (out.size() > most) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: larger than {}", printable(path.native()), human_bytes(most)));
    }
  }
}

}  // namespace postferry
