#include "connect.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <Poco/Exception.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "tcp_stream.h"

namespace postferry::net {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int slice_milliseconds = 100;  // how long a stop may go unnoticed

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// errno, or 0 when connected.
int connect_to(const Address& address, int fd, std::chrono::milliseconds timeout,
               const std::stop_token& stop) {
  const auto* where = static_cast<const sockaddr*>(static_cast<const void*>(&address.storage));
  if (::connect(fd, where, address.length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto deadline = Clock::now() + timeout;
  while (Clock::now() < deadline) {
    if (stop.stop_requested()) throw Cancelled();
    pollfd waiting{fd, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, slice_milliseconds);
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    int code = 0;
    socklen_t length = sizeof code;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno;
  }
  return ETIMEDOUT;
}

// Null, and why, where nothing listens.
std::unique_ptr<TcpStream> connect_one(const Address& address, const std::string& peer,
                                       const Timeouts& timeouts, const std::stop_token& stop,
                                       std::string& why) {
  // Poco's sockets have no CLOEXEC, which would hand our connections to a password_command.
  Descriptor fd(::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // What lies in the kernel when we are killed is fetched again, and its window grows to 6 MiB a connection. 1 MiB fills
  // a line of 20 MB/s over 50 ms, for each connection.
  const int window = 1 << 20;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_WINDOW_CLAMP, &window, sizeof window);  // a wish: no harm if it is not granted
  const int code = fd.get() < 0 ? errno : connect_to(address, fd.get(), timeouts.connect, stop);
  if (code != 0) {
    why = std::strerror(code);
    return nullptr;
  }
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(fd.get()));
  fd.release();
  try {
    return std::make_unique<TcpStream>(std::move(socket), peer, timeouts);
  } catch (const Poco::Exception& exception) {  // it broke before it could be set up
    why = printable(exception.displayText());
    return nullptr;
  }
}

void add(std::string& problems, const std::string& why) {
  if (problems.find(why) == std::string::npos) problems += (problems.empty() ? "" : "; ") + why;
}

}  // namespace

std::unique_ptr<Stream> connect_any(std::span<const Address> addresses, const std::string& peer,
                                    const TlsPolicy* tls, const Timeouts& timeouts,
                                    const std::stop_token& stop) {
  std::string problems;
  for (const auto& address : addresses) {
    std::string why;
    auto stream = connect_one(address, peer, timeouts, stop, why);
    if (!stream) {
      add(problems, why);
      continue;
    }
    if (tls == nullptr) return stream;
    try {
      const std::stop_callback cancel(stop, [&] { stream->abort(); });
      stream->start_tls(*tls);
      return stream;
    } catch (const Error& error) {
      if (error.cause != Cause::network) throw;
      const std::string_view what = error.what();  // the peer's name is said once, at the end
      add(problems, std::string(what.starts_with(peer + ": ") ? what.substr(peer.size() + 2) : what));
    }
  }
  throw Error(Cause::network, Blast::endpoint, Retry::later,
              fmt::format("{}: cannot connect: {}", peer, problems));
}

}  // namespace postferry::net
