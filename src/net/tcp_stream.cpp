#include "tcp_stream.h"

#include <algorithm>
#include <cerrno>

#include <openssl/err.h>
#include <sys/socket.h>

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "tls.h"

namespace postferry::net {
namespace {

using Clock = std::chrono::steady_clock;

// How long a call of Poco's may block before we look at the clock again; a TLS socket's blocks twice as long
// (poco-3725). abort() does not wait for it: it shuts the socket down, which wakes the call.
constexpr std::chrono::microseconds longest_slice = std::chrono::milliseconds(250);
constexpr std::chrono::microseconds shortest_slice = std::chrono::milliseconds(5);

// A drip is a stall: less than this in Timeouts::drip of waiting.
constexpr std::size_t drip_bytes = 1024;

std::string in_seconds(Clock::duration time) {
  return fmt::format("{:.3g} s", std::chrono::ceil<std::chrono::duration<double>>(time).count());
}

}  // namespace

TcpStream::TcpStream(Poco::Net::StreamSocket socket, std::string peer, Timeouts timeouts)
    : socket_(std::move(socket)),
      peer_(std::move(peer)),
      timeouts_(timeouts),
      descriptor_(socket_.impl()->sockfd()) {
  socket_.setNoDelay(true);
  slice_timeouts();
}

TcpStream::~TcpStream() {
  descriptor_ = -1;
  try {
    // TLS says goodbye with one small write, which waits no longer than a slice, and for no answer.
    ERR_clear_error();
    socket_.impl()->close();
  } catch (...) { /* it is gone either way */
  }
  ERR_clear_error();
}

void TcpStream::slice_timeouts() {
  const auto shortest = std::min({timeouts_.connect, timeouts_.read, timeouts_.write});
  const auto slice = std::clamp<std::chrono::microseconds>(shortest / 4, shortest_slice, longest_slice);
  socket_.setReceiveTimeout(Poco::Timespan(0, static_cast<long>(slice.count())));
  socket_.setSendTimeout(Poco::Timespan(0, static_cast<long>(slice.count())));
}

void TcpStream::lost(const std::string& how) const {
  if (aborted_) throw Cancelled();
  throw Error(Cause::network, Blast::session, Retry::now, fmt::format("{}: {}", peer_, how));
}

void TcpStream::count(std::size_t bytes, Clock::duration waited) {
  drip_bytes_ += bytes;
  drip_waited_ += waited;
  if (drip_bytes_ >= drip_bytes) {
    drip_bytes_ = 0, drip_waited_ = {};
  } else if (drip_waited_ > std::max(timeouts_.drip, timeouts_.read)) {
    lost(fmt::format("the server sent only {} bytes in {}", drip_bytes_, in_seconds(drip_waited_)));
  }
}

void TcpStream::hurry(std::chrono::milliseconds most) {
  leave_at_ = std::min(leave_at_, Clock::now() + most);
}

void TcpStream::check_goodbye(Time now) const {
  if (now >= leave_at_) lost("the server does not answer our goodbye");
}

int TcpStream::receive(std::span<std::byte> into) {
  if (ended_) return 0;
  ERR_clear_error();  // a stale error of our hashing would be taken for the socket's
  try {
    return socket_.receiveBytes(into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1u << 20)));
  } catch (const Poco::TimeoutException&) {
    return -1;
  } catch (const Poco::Net::SSLException& exception) {
    // Some servers (Gmail among them) close without a TLS goodbye. Whether that is an end or a cut only the
    // protocol above can tell, and it takes every end before its own last word for a cut.
    if (exception.displayText().find("unexpected eof") != std::string::npos) return 0;
    lost(printable(exception.displayText()));
  } catch (const Poco::Exception& exception) {
    lost(fmt::format("the connection broke: {}", printable(exception.displayText())));
  }
}

std::size_t TcpStream::read(std::span<std::byte> into) {
  if (into.empty()) return 0;
  const auto start = Clock::now();
  for (;;) {
    if (aborted_) throw Cancelled();
    const int got = receive(into);
    if (aborted_) throw Cancelled();
    if (got == 0) {
      ended_ = true;  // asked again, Poco would call an end without a TLS goodbye an error
      return 0;
    }
    const auto now = Clock::now();
    if (got > 0) {
      count(static_cast<std::size_t>(got), now - start);
      return static_cast<std::size_t>(got);
    }
    check_goodbye(now);
    if (now - start >= timeouts_.read)
      lost(fmt::format("the server has been silent for {}", in_seconds(now - start)));
  }
}

int TcpStream::send(std::span<const std::byte> bytes) {
  ERR_clear_error();
  try {
    // 16 KiB is a TLS record; a call that times out is repeated with the same bytes, as OpenSSL demands
    const auto part = std::min<std::size_t>(bytes.size(), secure_ ? 16u << 10 : 256u << 10);
    return socket_.sendBytes(bytes.data(), static_cast<int>(part));
  } catch (const Poco::TimeoutException&) {
    return -1;
  } catch (const Poco::Exception& exception) {
    if (exception.code() == EAGAIN) return -1;  // how a plain socket says that its time is up
    lost(fmt::format("the connection broke: {}", printable(exception.displayText())));
  }
}

void TcpStream::write(std::span<const std::byte> bytes) {
  auto last = Clock::now();
  while (!bytes.empty()) {
    if (aborted_) throw Cancelled();
    const int sent = send(bytes);
    const auto now = Clock::now();
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      last = now;
      continue;
    }
    check_goodbye(now);
    if (now - last >= timeouts_.write)
      lost(fmt::format("the server has taken nothing for {}", in_seconds(now - last)));
  }
}

void TcpStream::start_tls(const TlsPolicy& policy) {
  if (secure_)
    throw Error(Cause::protocol, Blast::endpoint, Retry::never, fmt::format("{}: TLS twice", peer_));
  const auto deadline = Clock::now() + timeouts_.connect;
  auto secure = secured(socket_, policy, peer_, [&] {
    if (aborted_) throw Cancelled();
    if (Clock::now() < deadline) return;
    throw Error(Cause::network, Blast::session, Retry::now,
                fmt::format("{}: the TLS handshake does not end", peer_));
  });
  socket_ = secure;
  slice_timeouts();
  secure_ = true;
}

void TcpStream::abort() noexcept {
  aborted_ = true;
  if (const int descriptor = descriptor_; descriptor >= 0) ::shutdown(descriptor, SHUT_RDWR);
}

}  // namespace postferry::net
