#include "push_lock.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/sha256.h>

namespace postferry::cli {

PushLock::PushLock(const std::filesystem::path& folder, const std::string& account) {
  const auto name = to_hex(codec::Sha256::of(as_bytes(account))).substr(0, 16);
  const auto file = folder / fmt::format("push-{}.lock", name);
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("{}: {}", printable(file.native()), std::strerror(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(descriptor_);
  if (why == EWOULDBLOCK) {
    throw Error(Cause::locked, Blast::run, Retry::later,
                fmt::format("another run puts mail into {} just now", printable(account, 200)));
  }
  throw Error(Cause::storage, Blast::run, Retry::never,
              fmt::format("{}: {}", printable(file.native()), std::strerror(why)));
}

PushLock::~PushLock() { ::close(descriptor_); }

}  // namespace postferry::cli
