#pragma once

#include <string>

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <postferry/net/stream.h>

namespace postferry::net {

// Puts TLS on a connected socket and returns only when the handshake is finished and the peer is who `policy`
// says: chain and host name, or the one pinned certificate. `peer` ("host:port") is for errors. Blocks in
// slices of the socket's own timeouts; `again` is asked between them and throws when time is up or somebody
// has aborted.
Poco::Net::SecureStreamSocket secured(Poco::Net::StreamSocket& socket, const TlsPolicy& policy,
                                      const std::string& peer, const std::function<void()>& again);

}  // namespace postferry::net
