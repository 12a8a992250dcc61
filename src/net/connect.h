#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include <postferry/net/stream.h>

#include "resolve.h"

namespace postferry::net {

// Connects to the first of `addresses` that takes the connection and, if `tls` is given, begins TLS there. An
// address that is dead, or breaks off during the handshake, is passed over; a certificate that is not good
// ends the search: the name leads to somebody else. `peer` ("host:port") is for errors.
std::unique_ptr<Stream> connect_any(std::span<const Address> addresses, const std::string& peer,
                                    const TlsPolicy* tls, const Timeouts& timeouts,
                                    const std::stop_token& stop);

}  // namespace postferry::net
