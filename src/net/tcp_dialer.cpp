#include <csignal>

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetSSL.h>

#include <fmt/format.h>

#include <postferry/base/text.h>
#include <postferry/net/stream.h>

#include "connect.h"
#include "resolve.h"

namespace postferry::net {
namespace {

// OpenSSL writes with write(2), which raises SIGPIPE where the peer has gone; an error is what we want.
void ignore_broken_pipes() {
  struct sigaction now{};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

class TcpDialer final : public Dialer {
 public:
  TcpDialer() {
    Poco::Net::initializeSSL();  // once, before there are threads (poco-3558)
    ignore_broken_pipes();
  }

  std::unique_ptr<Stream> dial(const std::string& host, std::uint16_t port, const TlsPolicy* tls,
                               const Timeouts& timeouts, std::stop_token stop) override {
    const auto addresses = resolve(host, port, timeouts.connect, stop);
    return connect_any(addresses, fmt::format("{}:{}", printable(host), port), tls, timeouts, stop);
  }
};

}  // namespace

std::unique_ptr<Dialer> tcp_dialer() { return std::make_unique<TcpDialer>(); }

bool is_loopback_name(const std::string& host) {
  if (equal_ignoring_case(host, "localhost")) return true;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  Poco::Net::IPAddress address;
  return Poco::Net::IPAddress::tryParse(bracketed ? host.substr(1, host.size() - 2) : host, address) &&
         address.isLoopback();
}

}  // namespace postferry::net
