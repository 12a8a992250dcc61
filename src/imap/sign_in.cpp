#include <array>

#include <fmt/format.h>

#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>
#include <postferry/net/hide_secret.h>

#include "session_state.h"

namespace postferry::imap {
namespace {

// RFC 4616 and LOGIN alike: none of these can be part of a name or a password on the wire.
void refuse_line_ends(std::string_view what, std::string_view value) {
  if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) return;
  throw Error(Cause::config, Blast::endpoint, Retry::never,
              fmt::format("the {} has a line end or a NUL in it", what));
}

// What is written while this lives is masked in transcripts.
class Masked {
 public:
  explicit Masked(Pipe& pipe) : pipe_(pipe) { pipe_.secret(true); }
  ~Masked() {
    try {
      pipe_.secret(false);
    } catch (...) {
      // Only a flush can fail here, with an Error or because we were stopped, and it will again at the next word.
    }
  }
  Masked(const Masked&) = delete;
  Masked& operator=(const Masked&) = delete;

 private:
  Pipe& pipe_;
};

// One SASL exchange whose client speaks first. `challenge`: what the server asks for after that, usually its
// error.
Reply authenticate(Pipe& pipe, std::string_view mechanism, std::string_view initial, std::string& challenge) {
  const auto answer = codec::base64(as_bytes(initial));
  pipe.hide(answer);
  Nobody nobody;
  const bool at_once = pipe.capabilities().has("SASL-IR");
  Pipe::Tag tag = 0;
  if (at_once) {
    const Masked masked(pipe);
    tag = pipe.send(fmt::format("AUTHENTICATE {} {}", mechanism, answer));
    pipe.flush();
  } else {
    tag = pipe.send(fmt::format("AUTHENTICATE {}", mechanism));
  }
  for (bool said = at_once;;) {
    auto heard = pipe.hear(nobody);
    if (heard.kind == Pipe::Heard::Kind::tagged && heard.tag == tag) return std::move(heard.reply);
    if (heard.kind != Pipe::Heard::Kind::more) continue;
    if (!said) {
      pipe.write_secret(answer);
      said = true;
    } else {
      challenge = codec::unbase64(heard.text).value_or(heard.text);
      pipe.write_secret(
          "");  // quirk: the tagged NO comes only after this empty line (XOAUTH2, Gmail and Dovecot)
    }
  }
}

// {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}
std::string oauth_error(const std::string& challenge) {
  const auto json = codec::parse_json(challenge);
  if (!json) return printable(challenge, 200);
  std::string out;
  for (const auto* key : {"error", "error_description", "status", "scope"}) {
    const auto value = json->text(key);
    if (!value.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key, printable(value, 100));
  }
  return out.empty() ? printable(challenge, 200) : out;
}

}  // namespace

void Session::start_tls(const net::TlsPolicy& policy) {
  auto& pipe = state_->pipe;
  if (state_->preauth) {
    throw Error(Cause::protocol, Blast::endpoint, Retry::never,
                "the server claims to know us already (PREAUTH), which leaves no way to TLS: somebody may be "
                "in the line");
  }
  if (!can("STARTTLS")) {
    throw Error(Cause::tls, Blast::endpoint, Retry::never,
                "the server does not offer STARTTLS, and TLS is required");
  }
  Nobody nobody;
  const auto reply = pipe.ask("STARTTLS", nobody);
  if (!reply.ok()) {
    const auto why = meaning(reply, Doing::other);
    throw Error(Cause::tls, Blast::endpoint, why.retry, fmt::format("STARTTLS: {}", why.what()));
  }
  // CVE-2011-0411 and its family: what came in the clear must not be taken for what TLS protects.
  if (pipe.reader().buffered() > 0) {
    throw Error(Cause::protocol, Blast::endpoint, Retry::never,
                "bytes arrived behind the answer to STARTTLS and before TLS: somebody is in the line");
  }
  pipe.stream().start_tls(policy);
  pipe.capabilities().forget();
  const auto again = pipe.ask("CAPABILITY", nobody);
  if (!again.ok()) throw state_->refusal(again);
}

namespace {

// A login changes what the server can do; some say what in the OK itself.
void after_login(Pipe& pipe, const Reply& reply) {
  if (reply.code != "CAPABILITY") {
    Nobody nobody;
    const auto capability = pipe.ask("CAPABILITY", nobody);
    if (!capability.ok()) {
      // Quirk 31: interia.pl lets one in with "[ALERT] Please enable IMAP access" and refuses all that
      // follows.
      auto why = meaning(capability, Doing::signing_in);
      if (!pipe.alert().empty()) {
        why = Error(Cause::auth, Blast::endpoint, Retry::never,
                    fmt::format("signed in, but the account is not enabled for IMAP: \"{}\"", pipe.alert()));
        why.advice = pipe.alert();
      }
      throw why;
    }
  }
  pipe.doing(Doing::other);
  pipe.show_all();
}

}  // namespace

void Session::login(std::string_view user, std::string_view secret, std::string_view authorize_as) {
  refuse_line_ends("user name", user);
  refuse_line_ends("user name", authorize_as);
  refuse_line_ends("password", secret);
  auto& pipe = state_->pipe;
  pipe.doing(Doing::signing_in);
  pipe.hide(secret);
  const bool plain = can("AUTH=PLAIN");
  if (!plain && !authorize_as.empty()) {
    throw Error(Cause::auth, Blast::endpoint, Retry::never,
                "the server does not offer AUTHENTICATE PLAIN, the only way to sign in for somebody else");
  }
  if (!plain && can("LOGINDISABLED")) {
    throw Error(Cause::auth, Blast::endpoint, Retry::never,
                "the server takes no password on this connection (LOGINDISABLED)");
  }
  Reply reply;
  if (plain) {
    std::string ignored;
    const auto sasl = fmt::format("{}{}{}{}{}", authorize_as, '\0', user, '\0', secret);
    reply = authenticate(pipe, "PLAIN", sasl, ignored);
  }
  // A BAD is no verdict on the password: some offer what they cannot do.
  if (!plain || (reply.status == Status::bad && authorize_as.empty() && !can("LOGINDISABLED"))) {
    Nobody nobody;
    const std::array words{user, secret};
    Pipe::Tag tag = 0;
    {
      const Masked masked(pipe);
      tag = pipe.send("LOGIN", words, "", nobody);
      pipe.flush();
    }
    reply = pipe.wait(tag, nobody);
  }
  if (!reply.ok()) throw state_->refusal(reply);
  after_login(pipe, reply);
}

void Session::authenticate_xoauth2(std::string_view user, std::string_view token) {
  refuse_line_ends("user name", user);
  refuse_line_ends("token", token);
  auto& pipe = state_->pipe;
  pipe.doing(Doing::signing_in);
  if (!pipe.stream().is_secure()) {
    throw Error(Cause::config, Blast::endpoint, Retry::never, "a token is never sent over an open line");
  }
  pipe.hide(token);
  std::string challenge;
  const auto reply =
      authenticate(pipe, "XOAUTH2", fmt::format("user={}\1auth=Bearer {}\1\1", user, token), challenge);
  if (!reply.ok()) {
    auto why = state_->refusal(reply);
    if (challenge.empty()) throw why;
    Error out(why.cause, why.blast, why.retry,
              fmt::format("{} ({})", why.what(), net::hide_secret(oauth_error(challenge), token)));
    out.retry_after = why.retry_after;
    out.advice = why.advice;
    throw out;
  }
  after_login(pipe, reply);
}

// Quirk 39: 163.com and its sisters open no folder for a client without a name.
void Session::identify(std::string_view version) {
  auto& pipe = state_->pipe;
  const auto command = fmt::format(R"(ID ("name" "postferry" "version" "{}"))", version);
  if (state_->window.commands > 1) return pipe.send_unasked(command);
  Nobody nobody;
  pipe.ask(command, nobody);  // refused or not, nothing depends on it
}

}  // namespace postferry::imap
