#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include <postferry/base/bytes.h>
#include <postferry/base/ports.h>

namespace postferry::net {

struct TlsPolicy {
  std::string host;           // verified against the certificate; empty is an error, not "any"
  std::string fingerprint;    // SHA-256 (hex) of the one certificate to accept instead, if given
  std::string extra_ca_file;  // trusted besides the system's; empty: none
};

// connect: one address; and again for its TLS handshake. read: without a byte, a lost connection. write: without one
// taken, the same. drip: so much waiting in all for less than 1 KiB is a lost connection, too.
struct Timeouts {
  std::chrono::milliseconds connect{20000}, read{60000}, write{60000}, drip{60000};
};

// A duplex byte stream. One thread owns it; only abort() may be called by another.
// Errors: {network, session, now} for a lost or silent connection, {tls, endpoint, never} for a certificate,
// Cancelled after abort().
class Stream : public ByteSource {
 public:
  // read() (of ByteSource): what is there, at least one byte; 0 where the peer closed.
  // Writes all or throws. May keep a little back until flush().
  virtual void write(std::span<const std::byte> bytes) = 0;
  virtual void flush() = 0;

  // Plain to TLS, in place. Throws if this stream cannot (it is TLS, deflated, or a pipe).
  // The caller must have consumed every byte it read before: anything left over was injected.
  virtual void start_tls(const TlsPolicy& policy) = 0;
  virtual bool is_secure() const = 0;  // TLS, or never leaves this machine (a socket pair)

  // For a goodbye: from now on everything together may wait this long, and then counts as lost.
  virtual void hurry(std::chrono::milliseconds most) { (void)most; }

  // Makes a blocked read or write return by throwing Cancelled. ::shutdown(2) on the
  // descriptor, not a Poco call: Poco's own shutdown speaks TLS and would race with the owner.
  virtual void abort() noexcept = 0;
};

// What passes over the wire, for transcripts. Credentials are masked by the session (WireLog below).
enum class Direction { sent, received };
using WireTap = std::function<void(Direction, Bytes)>;

// Replaceable: TCP in the program, a script or a child process in tests. Safe from any thread.
class Dialer {
 public:
  virtual ~Dialer() = default;
  // `tls` is given for implicit TLS (993, 995), null for plain and STARTTLS. Tries every address of the host.
  // An unknown host is {config, endpoint, never}; a name service away {network, endpoint, later}; nothing listening
  // {network, endpoint, later}; a certificate {tls, endpoint, never}. Each names host and port.
  virtual std::unique_ptr<Stream> dial(const std::string& host, std::uint16_t port, const TlsPolicy* tls,
                                       const Timeouts& timeouts, std::stop_token stop) = 0;
};

std::unique_ptr<Dialer> tcp_dialer();

// 127/8, ::1 or the word "localhost", never a name that resolves there.
bool is_loopback_name(const std::string& host);

}  // namespace postferry::net
