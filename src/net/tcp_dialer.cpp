#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/net/stream.h>

#include "tcp_stream.h"

namespace postferry::net {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto look_up_slice = std::chrono::milliseconds(100);

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family = AF_INET;
};

struct Answer {
  std::mutex mutex;
  std::condition_variable_any done;
  bool ready = false;
  int code = 0;
  std::vector<Address> addresses;
};

void ask(const std::string& host, std::uint16_t port, Answer& answer) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  const auto service = std::to_string(port);
  int code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  if (code == EAI_NONAME || code == EAI_ADDRFAMILY) {  // AI_ADDRCONFIG hides loopback on a machine without a network
    hints.ai_flags = 0;
    code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  }
  const std::lock_guard lock(answer.mutex);
  answer.code = code;
  for (const auto* one = code == 0 ? found : nullptr; one != nullptr; one = one->ai_next) {
    Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    address.family = one->ai_family;
    answer.addresses.push_back(address);
  }
  if (found != nullptr) ::freeaddrinfo(found);
  answer.ready = true;
  answer.done.notify_all();
}

// The name service has no time-out that we could set, so it is asked by a thread of its own; nobody waits for that
// thread after a stop or a time-out, and it owns all that it touches.
std::vector<Address> resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout, std::stop_token stop) {
  auto answer = std::make_shared<Answer>();
  std::thread([answer, host, port] { ask(host, port, *answer); }).detach();
  std::unique_lock lock(answer->mutex);
  const bool ready = answer->done.wait_for(lock, stop, timeout, [&] { return answer->ready; });
  if (stop.stop_requested()) throw Cancelled();
  if (!ready) {
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}: the name service does not answer", printable(host)));
  }
  if (answer->code == EAI_NONAME || answer->code == EAI_NODATA || answer->code == EAI_ADDRFAMILY) {
    Error error(Cause::config, Blast::endpoint, Retry::never, fmt::format("{}: there is no such host", printable(host)));
    error.advice = "Check the spelling of the host name, and that this machine is online.";
    throw error;
  }
  if (answer->code != 0) {
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}: the name service failed: {}", printable(host), ::gai_strerror(answer->code)));
  }
  return answer->addresses;
}

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
int connect_to(const Address& address, int fd, std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto* where = static_cast<const sockaddr*>(static_cast<const void*>(&address.storage));
  if (::connect(fd, where, address.length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto deadline = Clock::now() + timeout;
  while (Clock::now() < deadline) {
    if (stop.stop_requested()) throw Cancelled();
    pollfd waiting{fd, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(look_up_slice.count()));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    int code = 0;
    socklen_t length = sizeof code;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length);
    return code;
  }
  return ETIMEDOUT;
}

class TcpDialer final : public Dialer {
 public:
  TcpDialer() { Poco::Net::initializeSSL(); }  // once, before there are threads (poco-3558)

  std::unique_ptr<Stream> dial(const std::string& host, std::uint16_t port, const TlsPolicy* tls, const Timeouts& timeouts,
                               std::stop_token stop) override {
    const auto peer = fmt::format("{}:{}", printable(host), port);
    std::string problems;
    for (const auto& address : resolve(host, port, timeouts.connect, stop)) {
      Descriptor fd(::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      const int code = fd.get() < 0 ? errno : connect_to(address, fd.get(), timeouts.connect, stop);
      if (code != 0) {
        const std::string why = std::strerror(code);
        if (problems.find(why) == std::string::npos) problems += (problems.empty() ? "" : "; ") + why;
        continue;
      }
      ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
      Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(fd.get()));
      fd.release();
      auto stream = std::make_unique<TcpStream>(std::move(socket), peer, timeouts);
      if (tls != nullptr) {
        const std::stop_callback cancel(stop, [&] { stream->abort(); });
        stream->start_tls(*tls);
      }
      return stream;
    }
    throw Error(Cause::network, Blast::endpoint, Retry::later, fmt::format("{}: cannot connect: {}", peer, problems));
  }
};

}  // namespace

std::unique_ptr<Dialer> tcp_dialer() { return std::make_unique<TcpDialer>(); }

bool is_loopback_name(const std::string& host) {
  if (equal_ignoring_case(host, "localhost")) return true;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  Poco::Net::IPAddress address;
  return Poco::Net::IPAddress::tryParse(bracketed ? host.substr(1, host.size() - 2) : host, address) && address.isLoopback();
}

}  // namespace postferry::net
