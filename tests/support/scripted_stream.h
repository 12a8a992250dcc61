#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/net/stream.h>

namespace postferry::test {

// What a server says and what it must be told, in order, on one connection.
class Script {
 public:
  // A line of the client's, CRLF implied. "<ANY>" in it stands for any text.
  Script& expect(std::string line);
  // A line of the server's, CRLF appended; say_bytes: exactly these.
  Script& say(std::string line) { return say_bytes(std::move(line) + "\r\n"); }
  Script& say_bytes(std::string bytes);
  Script& close();     // read() gives 0, write() fails
  Script& reset();     // both fail
  Script& stall();     // read() fails at once as if the timeout had passed
  Script& tls();       // start_tls() must come now and succeeds
  Script& bad_tls();   // start_tls() must come now and fails: the certificate is not good
  Script& refuse();    // dial() fails: nothing listens there
  Script& lockstep();  // from here on the client must not send before it was answered

 private:
  friend class ScriptedStream;
  friend class ScriptedDialer;
  enum class Do { expect, say, close, reset, stall, tls, bad_tls, refuse, lockstep };
  struct Step {
    Do what;
    std::string bytes;
  };
  Script& add(Do what, std::string bytes = {});
  std::vector<Step> steps_;
};

// A dialogue file:
//
//   # why this must work
//   connection           begins the next connection (the first needs none)
//   S: +OK hello         the server's line; <CRLF> <CR> <LF> <NUL> <TAB> <SP> <xHH> are those bytes, <99*ab> 99 "ab"
//   S- half a line       without CRLF
//   C: RETR 1            the client's line
//   ! close              or: reset, stall, tls, bad_tls, refuse, lockstep
//   word: value          anything else is the runner's: what to do, what to expect
struct Dialogue {
  std::vector<Script> connections;
  std::vector<std::pair<std::string, std::string>> settings;  // in order; blanks around trimmed
  std::vector<std::string> all(std::string_view word) const;
  std::optional<std::string> one(std::string_view word) const;
};
Dialogue parse_dialogue(std::string_view text);  // throws std::invalid_argument with the line's number
Dialogue read_dialogue(const std::string& path);

// The dialogue files of a folder below tests/dialogue whose names end so, by name; as parameters of a test.
struct DialogueFile {
  std::string name, path;  // the name as GoogleTest takes it
};
std::ostream& operator<<(std::ostream& out, const DialogueFile& file);
std::vector<DialogueFile> dialogue_files(const std::string& folder, std::string_view extension);
// "<CRLF>" and friends in `text` as the bytes they stand for.
std::string unescape(std::string_view text);
// "<ANY>" in `pattern` stands for any text.
bool matches(std::string_view pattern, std::string_view text);

// How one connection went. Shared, because the session owns the stream.
struct Played {
  std::string problem;  // the first departure from the script; empty: none
  bool finished = false;
  std::string sent;  // all the client wrote
  bool secure = false;
  std::string tls_host;  // who the client meant to talk to
};

// How a script's bytes are cut: 0 gives as much as there is, any other seed cuts at random, often one byte.
using Chunks = std::uint32_t;

// A server that follows a script. A client that departs from it gets Error{protocol, run, never} at once, and
// the departure is noted in `played`. Nothing ever waits. One thread, but for abort().
class ScriptedStream final : public net::Stream {
 public:
  explicit ScriptedStream(Script script, Chunks chunks = 0, std::shared_ptr<Played> played = nullptr,
                          bool secure = false);

  std::size_t read(std::span<std::byte> into) override;
  void write(std::span<const std::byte> bytes) override;
  void flush() override {}
  void start_tls(const net::TlsPolicy& policy) override;
  bool is_secure() const override { return played_->secure; }
  void abort() noexcept override { aborted_ = true; }

 private:
  using Do = Script::Do;
  void advance();  // over what needs no reading
  bool take_expected(const std::string& pattern);
  std::size_t cut(std::size_t bytes);
  [[noreturn]] void depart(const std::string& what);
  [[noreturn]] static void lost(const std::string& what);
  bool nothing_more_is_expected() const;
  const Script::Step* next() const { return at_ < script_.steps_.size() ? &script_.steps_[at_] : nullptr; }

  Script script_;
  std::shared_ptr<Played> played_;
  std::optional<std::mt19937> random_;
  std::size_t at_ = 0, said_ = 0;  // the step, and how much of its bytes
  std::string inbox_;              // written by the client, not yet expected
  bool lockstep_ = false;
  std::atomic<bool> aborted_{false};
};

// Gives out one script a connection, in order. Further dials are refused and noted. Safe from any thread.
class ScriptedDialer final : public net::Dialer {
 public:
  explicit ScriptedDialer(std::vector<Script> scripts, Chunks chunks = 0)
      : scripts_(std::move(scripts)), chunks_(chunks) {}

  std::unique_ptr<net::Stream> dial(const std::string& host, std::uint16_t port, const net::TlsPolicy* tls,
                                    const net::Timeouts& timeouts, std::stop_token stop) override;

  std::vector<std::shared_ptr<Played>> played() const;
  // Every departure, and every script that was not played to its end; empty if all went as written.
  std::string problems() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Script> scripts_;
  const Chunks chunks_;
  std::vector<std::shared_ptr<Played>> played_;  // guarded by mutex_
  std::string refused_;                          // guarded by mutex_
};

}  // namespace postferry::test
