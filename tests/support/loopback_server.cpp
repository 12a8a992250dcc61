#include "support/loopback_server.h"

#include <array>
#include <cerrno>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postferry::test {
namespace {

// The client has hung up, or the test is over.
struct Over {};

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const raw = &where;
  socklen_t length = sizeof where;
  if (fd < 0 || ::bind(fd, static_cast<sockaddr*>(raw), length) != 0 || ::listen(fd, 8) != 0 ||
      ::getsockname(fd, static_cast<sockaddr*>(raw), &length) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port = ntohs(where.sin_port);
  return fd;
}

// True when `fd` is ready, false after the time; Over when the server is to go.
bool ready(int fd, int gone, short events, int milliseconds) {
  std::array<pollfd, 2> both{{{fd, events, 0}, {gone, POLLIN, 0}}};
  while (::poll(both.data(), both.size(), milliseconds) < 0 && errno == EINTR) {
  }
  if (both[1].revents != 0) throw Over{};
  return both[0].revents != 0;
}

}  // namespace

Caller::~Caller() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (descriptor_ >= 0) ::close(descriptor_);
  ERR_clear_error();
}

bool Caller::readable(int milliseconds) { return ready(descriptor_, gone_, POLLIN, milliseconds); }

void Caller::await_bytes() { readable(-1); }

void Caller::delay(int milliseconds) { ready(-1, gone_, 0, milliseconds); }

void Caller::stand_still() { ready(-1, gone_, 0, -1); }

bool Caller::wait(int milliseconds) { return !readable(milliseconds); }

bool Caller::begin_tls(const Certificate& certificate, int newest) {
  context_ = SSL_CTX_new(TLS_server_method());
  if (newest != 0) {
    SSL_CTX_set_security_level(context_, 0);  // Debian's default forbids what is to be refused here
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, newest);
  }
  SSL_CTX_use_certificate(context_, certificate.certificate.get());
  SSL_CTX_use_PrivateKey(context_, certificate.key.get());
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, descriptor_);
  readable(-1);
  return SSL_accept(ssl_) == 1;
}

void Caller::say(std::string_view text) {
  while (!text.empty()) {
    ready(descriptor_, gone_, POLLOUT, -1);
    const auto sent = ssl_ != nullptr ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                                      : ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw Over{};
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t Caller::receive(char* into, std::size_t most) {
  if (ssl_ == nullptr || SSL_pending(ssl_) == 0) readable(-1);
  const auto got =
      ssl_ != nullptr ? SSL_read(ssl_, into, static_cast<int>(most)) : ::recv(descriptor_, into, most, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Caller::hear(std::string_view end) {
  std::string out;
  std::array<char, 1> one{};
  while (out.find(end) == std::string::npos && receive(one.data(), 1) == 1) out += one[0];
  return out;
}

std::string Caller::hear_all() {
  std::string out;
  std::array<char, 16384> some{};
  while (const auto got = receive(some.data(), some.size())) out.append(some.data(), got);
  return out;
}

void Caller::cut() { ::shutdown(descriptor_, SHUT_WR); }

void Caller::close_well() {
  SSL_shutdown(ssl_);
  cut();
}

void Caller::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(descriptor_);
  descriptor_ = -1;
}

LoopbackServer::LoopbackServer(std::function<void(Caller&)> act)
    : listener_(listen_on_loopback(port_)), gone_(::eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::jthread([this, act = std::move(act)] {
    try {
      for (;;) {
        ready(listener_, gone_, POLLIN, -1);
        Caller caller(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), gone_);
        try {
          act(caller);
        } catch (const Over&) { /* this one; if it is the server, the next look says so */
        }
      }
    } catch (const Over&) {
    }
  });
}

LoopbackServer::~LoopbackServer() {
  ::eventfd_write(gone_, 1);
  thread_.join();
  ::close(listener_);
  ::close(gone_);
}

std::uint16_t dead_port() {
  std::uint16_t port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

}  // namespace postferry::test
