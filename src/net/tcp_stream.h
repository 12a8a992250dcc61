#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <postferry/net/stream.h>

namespace postferry::net {

// A TCP connection over Poco sockets, plain or TLS (TLS 1.2 and later), with deadlines of its own. A socket
// timeout of Poco's is only the slice in which it looks at the clock and at abort().
class TcpStream final : public Stream {
 public:
  TcpStream(Poco::Net::StreamSocket socket, std::string peer, Timeouts timeouts);
  ~TcpStream() override;

  std::size_t read(std::span<std::byte> into) override;
  void write(std::span<const std::byte> bytes) override;
  void flush() override {}
  void start_tls(const TlsPolicy& policy) override;
  bool is_secure() const override { return secure_; }
  void hurry(std::chrono::milliseconds most) override;
  void abort() noexcept override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void slice_timeouts();
  int receive(std::span<std::byte> into);  // -1: nothing yet
  int send(std::span<const std::byte> bytes);
  void count(std::size_t bytes, std::chrono::steady_clock::duration waited);
  void check_goodbye(Time now) const;
  [[noreturn]] void lost(const std::string& how) const;

  Poco::Net::StreamSocket socket_;
  const std::string peer_;  // "host:port", for errors
  const Timeouts timeouts_;
  std::atomic<bool> aborted_{false};
  std::atomic<int> descriptor_;
  bool secure_ = false, ended_ = false;
  Time leave_at_ = Time::max();  // hurry()
  std::chrono::steady_clock::duration drip_waited_{};
  std::size_t drip_bytes_ = 0;
};

}  // namespace postferry::net
