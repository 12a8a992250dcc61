#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/net/hide_secret.h>
#include <postferry/pop3/session.h>

#include "apop.h"
#include "pipe.h"

namespace postferry::pop3 {
namespace {

// RFC 5034 section 4, without the line end.
constexpr std::size_t longest_auth_line = 253;

// CR, LF and NUL would end the command, or begin another.
void refuse_controls(std::string_view text, const char* what) {
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') continue;
    throw Error(Cause::config, Blast::endpoint, Retry::never,
                fmt::format("the {} has a line end or a NUL in it", what));
  }
}

}  // namespace

// The answer to a secret: +OK, or the Error.
static void accept(Session::Pipe& pipe, Status status) {
  if (status.ok()) return;
  status.text = net::hide_secrets(std::move(status.text), pipe.hidden);
  throw refusal(status, Moment::sign_in, "sign-in", pipe.login_delay());
}

// AUTH, and the answer to it: a challenge, or no.
static Status begin(Session::Pipe& pipe, std::string_view mechanism) {
  // Two steps, always: RFC 5034 allows the response on the AUTH line only up to 255 bytes, which a token
  // exceeds, and Microsoft's servers take XOAUTH2 no other way.
  pipe.send(fmt::format("AUTH {}", mechanism));
  return pipe.answer();
}

// One response to each challenge.
static Status respond(Session::Pipe& pipe, Status status, std::initializer_list<std::string> responses) {
  for (const auto& response : responses) {
    if (status.kind != Status::Kind::challenge) return status;
    const auto answer = codec::base64(as_bytes(response));
    pipe.hide(answer);
    pipe.send_secret(answer);
    status = pipe.answer();
  }
  if (status.kind != Status::Kind::challenge) return status;
  // XOAUTH2 says why in a last challenge, as JSON; an empty answer gets the -ERR.
  const auto reason = codec::unbase64(status.text);
  pipe.send("");
  status = pipe.answer();
  if (reason && !reason->empty()) status.text += (status.text.empty() ? "" : ": ") + *reason;
  return status;
}

namespace {

// A password's ways in, the best first. One that the server does not have after all says false, before the
// password was sent; a refusal throws, for a password that is wrong is tried once only.
struct Password {
  std::string_view user, secret, authorize_as;

  bool by_apop(Session::Pipe& pipe) const {
    // MD5 of a password is weak, but better than the password itself, or than nothing.
    const bool last_resort = pipe.has_capa && !pipe.can("SASL PLAIN") && !pipe.can("USER");
    if (!authorize_as.empty() || pipe.stamp.empty() || (pipe.stream->is_secure() && !last_resort))
      return false;
    const auto digest = apop_digest(pipe.stamp, secret);
    if (digest.empty()) return false;
    pipe.hide(digest);
    pipe.send_secret(fmt::format("APOP {} {}", user, digest));
    const auto status = pipe.answer();
    // There are greetings that have a stamp on servers that have no APOP. Who has the line in his hands
    // gains nothing by that: he could have left the stamp out.
    if (is_unknown_command(status)) return false;
    accept(pipe, status);
    return true;
  }

  bool by_plain(Session::Pipe& pipe) const {
    if (!pipe.can("SASL PLAIN")) return false;
    const std::string nul(1, '\0');
    const auto response = fmt::format("{}{}{}{}{}", authorize_as, nul, user, nul, secret);
    if (by_plain_at_once(pipe, response)) return true;
    const auto status = begin(pipe, "PLAIN");
    if (is_unknown_command(status) && authorize_as.empty()) return false;
    accept(pipe, respond(pipe, status, {response}));
    return true;
  }

  // With the response on the AUTH line (RFC 5034 section 4), which servers that are older than it do not know. Where a
  // wrong password has a code of its own (RFC 3206), any other refusal is no word about the password: false.
  static bool by_plain_at_once(Session::Pipe& pipe, const std::string& response) {
    const auto line = "AUTH PLAIN " + codec::base64(as_bytes(response));
    if (!pipe.can("AUTH-RESP-CODE") || line.size() > longest_auth_line) return false;
    pipe.hide(line.substr(line.rfind(' ') + 1));
    pipe.send_secret(line);
    const auto status = pipe.answer();
    if (status.kind == Status::Kind::err && status.code.empty()) return false;
    accept(pipe, status.kind == Status::Kind::challenge ? respond(pipe, status, {response}) : status);
    return true;
  }

  // Without CAPA, or where CAPA names no way at all, USER is there (RFC 1939).
  bool by_user(Session::Pipe& pipe) const {
    const bool has_login = pipe.can("SASL LOGIN");
    if (has_login && !pipe.can("USER")) return false;
    pipe.send(fmt::format("USER {}", user));
    const auto status = pipe.answer();
    if (has_login && is_unknown_command(status)) return false;
    accept(pipe, status);
    pipe.send_secret(fmt::format("PASS {}", secret));
    accept(pipe, pipe.answer());
    return true;
  }

  // draft-murchison-sasl-login: the server asks for the name, then for the password, whatever the words.
  void by_login(Session::Pipe& pipe) const {
    accept(pipe, respond(pipe, begin(pipe, "LOGIN"), {std::string(user), std::string(secret)}));
  }
};

}  // namespace

// What CAPA says may be another thing after the sign-in. It goes out with the next question, where the server takes more
// than one at a time.
static void ask_again_what_it_can(Session::Pipe& pipe) {
  if (!pipe.has_capa) return;
  pipe.capa_is_due = true;
  if (pipe.window() == 1) pipe.alive([](Session::Pipe& one) { one.know_capabilities(); });
}

void Session::login(std::string_view user, std::string_view secret, std::string_view authorize_as) {
  refuse_controls(user, "user name");
  refuse_controls(secret, "password");
  refuse_controls(authorize_as, "user name");
  pipe_->alive([&](Pipe& pipe) {
    pipe.hide(secret);
    if (!authorize_as.empty() && !pipe.can("SASL PLAIN")) {
      throw Error(
          Cause::config, Blast::endpoint, Retry::never,
          "the server does not offer AUTH PLAIN, without which nobody can sign in on another's behalf");
    }
    const Password password{user, secret, authorize_as};
    if (!password.by_apop(pipe) && !password.by_plain(pipe) && !password.by_user(pipe))
      password.by_login(pipe);
  });
  pipe_->show_all();
  ask_again_what_it_can(*pipe_);
}

void Session::authenticate_xoauth2(std::string_view user, std::string_view token) {
  refuse_controls(user, "user name");
  refuse_controls(token, "token");
  pipe_->alive([&](Pipe& pipe) {
    if (!pipe.stream->is_secure()) {
      throw Error(Cause::config, Blast::endpoint, Retry::never, "a token is never sent over an open line");
    }
    pipe.hide(token);
    const auto response = fmt::format(
        "user={}\x01"
        "auth=Bearer {}\x01\x01",
        user, token);
    accept(pipe, respond(pipe, begin(pipe, "XOAUTH2"), {response}));
  });
  pipe_->show_all();
  ask_again_what_it_can(*pipe_);
}

}  // namespace postferry::pop3
