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

static Status authenticate(Session::Pipe& pipe, std::string_view mechanism, const std::string& response) {
  // Two steps, always: RFC 5034 allows the response on the AUTH line only up to 255 bytes, which a token
  // exceeds, and Microsoft's servers take XOAUTH2 no other way.
  const auto answer = codec::base64(as_bytes(response));
  pipe.hide(answer);
  pipe.send(fmt::format("AUTH {}", mechanism));
  auto status = pipe.answer();
  if (status.kind != Status::Kind::challenge) return status;
  pipe.send_secret(answer);
  status = pipe.answer();
  if (status.kind != Status::Kind::challenge) return status;
  // XOAUTH2 says why in a last challenge, as JSON; an empty answer gets the -ERR.
  const auto reason = codec::unbase64(status.text);
  pipe.send("");
  status = pipe.answer();
  if (reason && !reason->empty()) status.text += (status.text.empty() ? "" : ": ") + *reason;
  return status;
}

void Session::login(std::string_view user, std::string_view secret, std::string_view authorize_as) {
  refuse_controls(user, "user name");
  refuse_controls(secret, "password");
  refuse_controls(authorize_as, "user name");
  pipe_->alive([&](Pipe& pipe) {
    pipe.hide(secret);
    const bool plain = pipe.can("SASL PLAIN");
    if (!authorize_as.empty() && !plain) {
      throw Error(
          Cause::config, Blast::endpoint, Retry::never,
          "the server does not offer AUTH PLAIN, without which nobody can sign in on another's behalf");
    }
    // MD5 of a password is weak, but better than the password itself, or than nothing.
    const bool last_resort = pipe.has_capa && !plain && !pipe.can("USER");
    const bool apop =
        authorize_as.empty() && !pipe.stamp.empty() && (!pipe.stream->is_secure() || last_resort);
    const auto digest = apop ? apop_digest(pipe.stamp, secret) : std::string();
    if (!digest.empty()) {
      pipe.hide(digest);
      pipe.send_secret(fmt::format("APOP {} {}", user, digest));
      const auto status = pipe.answer();
      // There are greetings that have a stamp on servers that have no APOP. Who has the line in his hands
      // gains nothing by that: he could have left the stamp out.
      if (!is_unknown_command(status)) return accept(pipe, status);
    }
    if (plain) {
      const std::string nul(1, '\0');
      const auto status =
          authenticate(pipe, "PLAIN", fmt::format("{}{}{}{}{}", authorize_as, nul, user, nul, secret));
      return accept(pipe, status);
    }
    pipe.send(fmt::format("USER {}", user));
    accept(pipe, pipe.answer());
    pipe.send_secret(fmt::format("PASS {}", secret));
    accept(pipe, pipe.answer());
  });
  pipe_->show_all();
  if (pipe_->has_capa) capabilities();
}

void Session::authenticate_xoauth2(std::string_view user, std::string_view token) {
  refuse_controls(user, "user name");
  refuse_controls(token, "token");
  pipe_->alive([&](Pipe& pipe) {
    if (!pipe.stream->is_secure()) {
      throw Error(Cause::config, Blast::endpoint, Retry::never, "a token is never sent over an open line");
    }
    pipe.hide(token);
    const auto status = authenticate(pipe, "XOAUTH2",
                                     fmt::format("user={}\x01"
                                                 "auth=Bearer {}\x01\x01",
                                                 user, token));
    accept(pipe, status);
  });
  pipe_->show_all();
  if (pipe_->has_capa) capabilities();
}

}  // namespace postferry::pop3
