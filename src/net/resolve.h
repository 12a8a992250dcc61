#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include <sys/socket.h>

namespace postferry::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family = AF_INET;
};

// Every address of `host`, in the order in which the system would have them tried. Cancelled within a moment
// of `stop`. Errors as Dialer::dial says.
std::vector<Address> resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout,
                             const std::stop_token& stop);

}  // namespace postferry::net
