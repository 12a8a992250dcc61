#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

namespace postferry {

// How much is broken. Wider values include the narrower ones.
enum class Blast { message, folder, session, endpoint, run };

// Whether the same attempt can ever succeed.
enum class Retry { now, later, never };

// What to tell the user and which exit status to use. Never consulted to decide a retry.
enum class Cause { network, tls, auth, throttled, quota, protocol, missing, rejected, damaged, storage, config, locked };

// The one failure type of the program. Thrown where it is noticed; caught by the
// engine, which decides (engine/decide.h), and by main, which reports.
class Error : public std::runtime_error {
 public:
  Error(Cause c, Blast b, Retry r, const std::string& what) : std::runtime_error(what), cause(c), blast(b), retry(r) {}

  Cause cause;
  Blast blast;
  Retry retry;
  std::optional<std::chrono::seconds> retry_after;  // the server's own wish, if it stated one
  std::string suspect;  // the message that was in flight when the session died, if one was
  std::string advice;   // what the user can do about it, if we know; a sentence of its own
};

// Deliberately not an Error: `catch (const Error&)` must never swallow a Ctrl-C.
class Cancelled final : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace postferry
