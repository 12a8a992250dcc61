#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/error.h>

namespace postferry::pop3 {

// "+OK text", "-ERR [CODE] text" (RFC 1939, RFC 2449 section 8), "+ text" (a SASL challenge, RFC 5034).
struct Status {
  enum class Kind { ok, err, challenge, nonsense } kind = Kind::nonsense;
  std::string code;  // upper case, without its brackets
  std::string text;  // without the code
  bool ok() const { return kind == Kind::ok; }
};

Status parse_status(std::string_view line);

// Where an -ERR came; it decides what one without a code means.
enum class Moment { greeting, sign_in, listing };

// The Error that an -ERR stands for. The only place that reads a server's words. `login_delay`: what CAPA
// said.
Error refusal(const Status& status, Moment moment, const std::string& what,
              std::optional<std::chrono::seconds> login_delay = std::nullopt);

// True where the server's words say that it does not know the command, and not that it refuses it.
bool is_unknown_command(const Status& status);

// True for -ERR [SYS/TEMP] and its like: the same message may be had later.
bool is_temporary(const Status& status);

}  // namespace postferry::pop3
