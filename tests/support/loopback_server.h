#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <openssl/ssl.h>

#include "support/certificates.h"

namespace postferry::test {

// One connection as the server has it. Every call gives up when the server is destroyed.
class Caller {
 public:
  Caller(int descriptor, int gone) : descriptor_(descriptor), gone_(gone) {}
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // TLS from here on; false where the client did not finish it.
  bool begin_tls(const Certificate& certificate, int newest = 0);
  void say(std::string_view text);
  // What comes until `end` is in it, or the client is gone.
  std::string hear(std::string_view end = "\n");
  std::string hear_all();        // until the client closes
  bool wait(int milliseconds);   // false: the client has said something or is gone
  void await_bytes();            // until there is something to read, which stays unread
  void delay(int milliseconds);  // whatever comes meanwhile: for what a timeout of the client's must survive
  void stand_still();            // reads nothing until the server is destroyed
  void cut();                    // FIN without a TLS goodbye
  void close_well();             // with it
  void reset();                  // RST

 private:
  bool readable(int milliseconds);
  std::size_t receive(char* into, std::size_t most);
  int descriptor_;
  const int gone_;
  SSL* ssl_ = nullptr;
  SSL_CTX* context_ = nullptr;
};

// Listens on a free port of 127.0.0.1 and plays `act` to each that calls, one after the other, in a thread of
// its own. Destroying it hangs up on who is there.
class LoopbackServer {
 public:
  explicit LoopbackServer(std::function<void(Caller&)> act);
  ~LoopbackServer();
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  int listener_ = -1, gone_ = -1;
  std::jthread thread_;
};

// A port of 127.0.0.1 on which nothing listens.
std::uint16_t dead_port();

}  // namespace postferry::test
