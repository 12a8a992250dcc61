#include "status.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <postferry/base/text.h>
#include <postferry/pop3/session.h>

namespace postferry::pop3 {
namespace {

constexpr std::size_t text_shown = 300;

bool is_under(std::string_view code, std::string_view family) {
  return code == family || (code.starts_with(family) && code[family.size()] == '/');
}

std::string_view left_trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// Servers without RESP-CODES say in words that somebody else reads the drop, or that they are full. A
// password that would otherwise be reported as wrong is right then. "account locked" is none of these.
bool says_later(std::string_view text) {
  constexpr std::array<std::string_view, 10> words{
      "already locked", "unable to lock", "can't lock",           "cannot lock",     "mailbox locked",
      "already in use", "is busy",        "too many connections", "try again later", "temporar"};
  const auto plain = lower(text);
  for (const auto word : words) {
    if (plain.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Status parse_status(std::string_view line) {
  Status out;
  if (line == "+" || line.starts_with("+ ")) {
    out.kind = Status::Kind::challenge;
    out.text = left_trimmed(line.substr(1));
    return out;
  }
  const auto word = line.substr(0, line.find(' '));
  if (equal_ignoring_case(word, "+OK")) out.kind = Status::Kind::ok;
  if (equal_ignoring_case(word, "-ERR")) out.kind = Status::Kind::err;
  if (out.kind == Status::Kind::nonsense) {
    out.text = line;
    return out;
  }
  auto rest = left_trimmed(line.substr(word.size()));
  const auto end =
      rest.starts_with('[') && out.kind == Status::Kind::err ? rest.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) {
    for (const char c : rest.substr(1, end - 1))
      out.code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    rest = left_trimmed(rest.substr(end + 1));
  }
  out.text = rest;
  return out;
}

bool is_unknown_command(const Status& status) {
  constexpr std::array<std::string_view, 9> words{
      "unknown command", "unknown apop",  "invalid command", "unrecognized", "unrecognised",
      "not implemented", "not supported", "unimplemented",   "bad command"};
  if (status.kind != Status::Kind::err || !status.code.empty()) return false;
  const auto plain = lower(status.text);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return plain.find(word) != std::string::npos; });
}

bool is_temporary(const Status& status) {
  return is_under(status.code, "SYS/TEMP") || is_under(status.code, "IN-USE") ||
         is_under(status.code, "LOGIN-DELAY");
}

Error refusal(const Status& status, Moment moment, const std::string& what,
              std::optional<std::chrono::seconds> login_delay) {
  const auto words =
      status.text.empty() ? std::string("the server gave no reason") : printable(status.text, text_shown);
  const auto make = [&](Cause cause, Retry retry, const std::string& says) {
    return Error(cause, Blast::endpoint, retry,
                 fmt::format("{}: {}{}{}", what, says, words,
                             status.code.empty() ? "" : " [" + printable(status.code, 40) + "]"));
  };
  if (status.kind == Status::Kind::nonsense)
    return make(Cause::protocol, Retry::never, "this is no POP3 answer: ");
  if (is_under(status.code, "AUTH")) return make(Cause::auth, Retry::never, "");
  if (is_under(status.code, "SYS/PERM")) return make(Cause::rejected, Retry::never, "");
  if (is_temporary(status)) {
    auto error = make(Cause::throttled, Retry::later, "");
    // RFC 2449 section 6.5: the least time between two sign-ins
    if (is_under(status.code, "LOGIN-DELAY")) error.retry_after = login_delay;
    if (is_under(status.code, "IN-USE"))
      error.advice = "Another program is reading this mailbox over POP3; it can have one reader at a time.";
    return error;
  }
  if (moment == Moment::sign_in && !says_later(status.text)) return make(Cause::auth, Retry::never, "");
  if (moment == Moment::listing) return make(Cause::rejected, Retry::later, "");
  return make(Cause::throttled, Retry::later, "");
}

bool is_login_delay(const Error& error) {
  return error.cause == Cause::throttled &&
         std::string_view(error.what()).find("[LOGIN-DELAY") != std::string_view::npos;
}

}  // namespace postferry::pop3
