#include "tcp_stream.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

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

// A TLS socket's time-out fires after twice its value (poco-3725), so one look at the clock and at abort() comes every
// half second at the latest; abort() itself wakes the call by shutting the socket down.
constexpr long slice_microseconds = 250'000;

// A drip is a stall: less than this in so long a time of waiting.
constexpr std::size_t drip_bytes = 1024;
constexpr auto drip_time = std::chrono::seconds(60);

}  // namespace

TcpStream::TcpStream(Poco::Net::StreamSocket socket, std::string peer, Timeouts timeouts)
    : socket_(std::move(socket)), peer_(std::move(peer)), timeouts_(timeouts), descriptor_(socket_.impl()->sockfd()) {
  socket_.setNoDelay(true);
  slice_timeouts();
}

TcpStream::~TcpStream() {
  descriptor_ = -1;
  try {
    // No goodbye: a TLS close_notify to a peer that does not read would wait for it.
    socket_.impl()->close();
  } catch (...) { /* it is gone either way */
  }
}

void TcpStream::slice_timeouts() {
  const Poco::Timespan slice(0, slice_microseconds);
  socket_.setReceiveTimeout(slice);
  socket_.setSendTimeout(slice);
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
  } else if (drip_waited_ > std::max<Clock::duration>(drip_time, timeouts_.read)) {
    lost(fmt::format("the server sent {} bytes in {} s: given up as a stalled connection", drip_bytes_,
                     std::chrono::duration_cast<std::chrono::seconds>(drip_waited_).count()));
  }
}

std::size_t TcpStream::read(std::span<std::byte> into) {
  const auto start = Clock::now();
  for (;;) {
    if (aborted_) throw Cancelled();
    int got = -1;
    ERR_clear_error();  // a stale error of our hashing would be taken for the socket's
    try {
      got = socket_.receiveBytes(into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1u << 20)));
    } catch (const Poco::TimeoutException&) {
    } catch (const Poco::Net::SSLException& exception) {
      // Some servers (Gmail among them) close without a TLS goodbye. Whether that is an end or a cut only the protocol
      // above can tell, and it treats every end before its own last word as a cut.
      if (aborted_) throw Cancelled();
      if (exception.displayText().find("unexpected eof") != std::string::npos) return 0;
      lost(printable(exception.displayText()));
    } catch (const Poco::Exception& exception) {
      lost(fmt::format("the connection broke: {}", printable(exception.displayText())));
    }
    const auto waited = Clock::now() - start;
    if (got == 0) {
      if (aborted_) throw Cancelled();
      return 0;
    }
    if (got > 0) {
      count(static_cast<std::size_t>(got), waited);
      return static_cast<std::size_t>(got);
    }
    if (waited >= timeouts_.read) {
      lost(fmt::format("the server has been silent for {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(waited).count()));
    }
  }
}

void TcpStream::write(std::span<const std::byte> bytes) {
  auto last = Clock::now();
  while (!bytes.empty()) {
    if (aborted_) throw Cancelled();
    int sent = -1;
    ERR_clear_error();
    try {
      // 16 KiB is a TLS record; a call that times out may be repeated with the same bytes
      const auto part = std::min<std::size_t>(bytes.size(), secure_ ? 16u << 10 : 256u << 10);
      sent = socket_.sendBytes(bytes.data(), static_cast<int>(part));
    } catch (const Poco::TimeoutException&) {
    } catch (const Poco::Exception& exception) {
      lost(fmt::format("the connection broke: {}", printable(exception.displayText())));
    }
    const auto now = Clock::now();
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      last = now;
    } else if (now - last >= timeouts_.write) {
      lost(fmt::format("the server has taken nothing for {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(now - last).count()));
    }
  }
}

void TcpStream::start_tls(const TlsPolicy& policy) {
  if (secure_) throw Error(Cause::protocol, Blast::endpoint, Retry::never, fmt::format("{}: TLS twice", peer_));
  const auto deadline = Clock::now() + timeouts_.connect;
  auto secure = secured(socket_, policy, peer_, [&] {
    if (aborted_) throw Cancelled();
    if (Clock::now() < deadline) return;
    throw Error(Cause::network, Blast::session, Retry::now, fmt::format("{}: the TLS handshake does not end", peer_));
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
