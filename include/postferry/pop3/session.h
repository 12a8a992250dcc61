#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/net/stream.h>

namespace postferry::pop3 {

struct Drop {
  unsigned number = 0;
  std::string uidl;                    // empty where the server gives none
  std::optional<std::uint64_t> size;   // LIST's word: a hint
};

// STAT's word, absent where the server says nonsense.
struct Stat {
  std::optional<std::uint32_t> messages;
  std::optional<std::uint64_t> bytes;
};

// What a drop holds.
struct Listing {
  Stat stat;
  std::vector<Drop> drops;  // ascending
};

class Bodies {
 public:
  virtual ~Bodies() = default;
  virtual void begin(const Drop& drop) = 0;
  virtual void bytes(Bytes part) = 0;                // dots unstuffed, CRLF as sent
  virtual void end(const Drop& drop) = 0;            // the terminator was read: only now is it good
  virtual void refused(const Drop& drop, const std::string& server_text) = 0;  // -ERR
};

// The answers to DELE.
class Marks {
 public:
  virtual ~Marks() = default;
  virtual void marked(const Drop& drop) = 0;
  virtual void refused(const Drop& drop, const std::string& server_text) = 0;  // -ERR
};

// One POP3 connection (RFC 1939, 2449, 2595, 3206, 5034). One thread. An EOF before a terminator is a lost
// connection, never a message. After an Error wider than `message` the session is dead.
class Session {
 public:
  Session(std::unique_ptr<net::Stream> stream, unsigned window = 64);  // reads the greeting, keeps its APOP stamp
  ~Session();

  void capabilities();                             // CAPA; a server without it has none
  bool can(std::string_view capability) const;     // "STLS", "PIPELINING", "UIDL", "SASL PLAIN" ...
  bool has_apop() const;
  void start_tls(const net::TlsPolicy& policy);    // STLS, as careful as imap's
  // APOP (over an open line), AUTH PLAIN, USER/PASS, AUTH LOGIN: the first that the server offers. [AUTH]: {auth, endpoint,
  // never}; [IN-USE], [LOGIN-DELAY], [SYS/TEMP]: {throttled, endpoint, later}; [SYS/PERM]: {rejected, endpoint, never}.
  // `authorize_as`: whose mailbox, where `user` is an administrator (AUTH PLAIN alone can say that).
  void login(std::string_view user, std::string_view secret, std::string_view authorize_as = {});
  void authenticate_xoauth2(std::string_view user, std::string_view token);

  // STAT, and UIDL and LIST joined; has_uidl() says whether UIDL was answered. In one flight where the server can, and CAPA
  // with it, which may say other things after the sign-in than before.
  Listing list();
  std::optional<Stat> stat() const;                // as far as list() came to hear it
  bool has_uidl() const;
  // TOP n 0, where the server can.
  void headers(std::span<const Drop> wanted, Bodies& to);
  // RETR, pipelined if CAPA allows. With `most_asked` only the first so many, which may grow meanwhile: returns when
  // these are answered. `may_leave` is asked when the last of all that are wanted is: true lets QUIT go right behind it,
  // where commands are pipelined, another sign-in need not wait (LOGIN-DELAY), and QUIT deletes nothing by itself
  // (EXPIRE 0, RFC 2449 section 6.7).
  void retrieve(std::span<const Drop> wanted, Bodies& to, const std::function<std::size_t()>& most_asked = {},
                const std::function<bool()>& may_leave = {});
  // DELE, pipelined if CAPA allows. Deletes nothing yet: update() does (RFC 1939 section 6).
  void mark_deleted(std::span<const Drop> wanted, Marks& answers);
  // QUIT, and its answer waited for: nothing where the server says that what was marked is deleted, its words where it says
  // that some of it may not be. Throws where no answer came: then nobody knows. The session is over in any case.
  std::optional<std::string> update();
  std::optional<Drop> in_flight() const;           // when the session died
  void say_quit() noexcept;                        // QUIT, and no waiting for the answer; only where nothing is marked
  bool is_leaving() const;                         // QUIT was said: nothing may be asked any more
  void wait_for_quit() noexcept;                   // after say_quit(): at most two seconds; the drop is free then
  void abort() noexcept;                           // any thread

  struct Pipe;  // src/pop3/pipe.h

 private:
  std::unique_ptr<Pipe> pipe_;
};

// The server asks for more time between two sign-ins (RFC 2449 section 8.1.1); retry_after says how much, if CAPA did.
bool is_login_delay(const Error& error);

}  // namespace postferry::pop3
