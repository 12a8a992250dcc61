#include <postferry/pop3/session.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "apop.h"
#include "pipe.h"

namespace postferry::pop3 {
namespace {

constexpr auto goodbye = std::chrono::seconds(2);

// A multi-line answer for each.
template <class Pipe>
void read_each(Pipe& pipe, std::string_view verb, std::string_view tail, std::span<const Drop> wanted, Bodies& to,
               const std::function<std::size_t()>& most_asked = {}, const std::function<bool()>& may_leave = {}) {
  pipe.bulk(
      verb, tail, wanted,
      [&](const Drop& drop) {
        to.begin(drop);
        pipe.body([&](Bytes part) { to.bytes(part); });
        to.end(drop);
      },
      [&](const Drop& drop, const std::string& text) { to.refused(drop, text); }, most_asked,
      may_leave);
}

}  // namespace

Session::Session(std::unique_ptr<net::Stream> stream, unsigned window)
    : pipe_(std::make_unique<Pipe>(std::move(stream), window)) {
  const auto greeting = pipe_->answer();
  if (!greeting.ok()) throw refusal(greeting, Moment::greeting, "greeting");
  pipe_->stamp = apop_stamp(greeting.text);
}

Session::~Session() = default;

void Session::capabilities() {
  pipe_->alive([](Pipe& pipe) {
    pipe.send("CAPA");
    pipe.read_capabilities();
  });
}

bool Session::can(std::string_view capability) const { return pipe_->can(capability); }
bool Session::has_apop() const { return !pipe_->stamp.empty(); }
bool Session::has_uidl() const { return pipe_->has_uidl; }
std::optional<Stat> Session::stat() const { return pipe_->stat; }

void Session::start_tls(const net::TlsPolicy& policy) {
  pipe_->alive([&](Pipe& pipe) {
    const auto refuse = [](Cause cause, const std::string& what) {
      Error error(cause, Blast::endpoint, Retry::never, what);
      error.advice = "If the server has a port for TLS from the first byte (995), use pop3s:// instead.";
      return error;
    };
    if (pipe.has_capa && !pipe.can("STLS"))
      throw refuse(Cause::tls, "the server does not offer STLS, and nothing is sent unencrypted");
    pipe.send("STLS");
    const auto status = pipe.answer();
    if (!status.ok()) {
      throw refuse(Cause::tls, fmt::format("the server refuses STLS, and nothing is sent unencrypted: {}",
                                           printable(status.text, 200)));
    }
    // CVE-2011-0411 and its many siblings: what came in before the handshake is not the server's word.
    if (pipe.reader.buffered() > 0) {
      throw refuse(Cause::protocol,
                   "bytes came in between the answer to STLS and the TLS handshake: somebody is in the line");
    }
    pipe.stream->start_tls(policy);
    // RFC 2595 section 4: what was learnt before is forgotten.
    pipe.stamp.clear();
    pipe.capabilities.clear();
  });
  capabilities();
}

void Session::headers(std::span<const Drop> wanted, Bodies& to) {
  pipe_->alive([&](Pipe& pipe) {
    pipe.know_capabilities();
    if (!pipe.has_capa || pipe.can("TOP")) return read_each(pipe, "TOP", " 0", wanted, to);
    for (const auto& drop : wanted) to.refused(drop, "the server does not offer TOP");
  });
}

void Session::retrieve(std::span<const Drop> wanted, Bodies& to, const std::function<std::size_t()>& most_asked,
                       const std::function<bool()>& may_leave) {
  pipe_->alive([&](Pipe& pipe) {
    pipe.know_capabilities();
    const bool bears_it = pipe.window() > 1 && !pipe.can("LOGIN-DELAY") && !pipe.can("EXPIRE 0");
    read_each(pipe, "RETR", "", wanted, to, most_asked, bears_it ? may_leave : nullptr);
  });
}

void Session::mark_deleted(std::span<const Drop> wanted, Marks& answers) {
  pipe_->alive([&](Pipe& pipe) {
    pipe.know_capabilities();
    pipe.bulk(
        "DELE", "", wanted, [&](const Drop& drop) { answers.marked(drop); },
        [&](const Drop& drop, const std::string& text) { answers.refused(drop, text); });
  });
}

std::optional<std::string> Session::update() {
  return pipe_->alive([](Pipe& pipe) -> std::optional<std::string> {
    pipe.send("QUIT");
    const auto status = pipe.answer();
    pipe.dead = true;
    if (status.ok()) return std::nullopt;
    return status.text.empty() ? std::string("no reason given") : printable(status.text, 200);
  });
}

std::optional<Drop> Session::in_flight() const { return pipe_->in_flight; }

void Session::say_quit() noexcept {
  if (pipe_->dead || pipe_->said_quit) return;
  try {
    pipe_->stream->hurry(goodbye);
    pipe_->send("QUIT");
    pipe_->said_quit = true;
  } catch (...) {
    pipe_->dead = true;
  }
}

bool Session::is_leaving() const { return pipe_->said_quit; }

void Session::wait_for_quit() noexcept {
  if (pipe_->dead || !pipe_->said_quit) return;
  try {
    pipe_->stream->hurry(goodbye);
    pipe_->answer();
  } catch (...) { /* it may hang up without a word: nothing was marked, so nothing hangs on the answer */
  }
  pipe_->dead = true;
}

void Session::abort() noexcept { pipe_->stream->abort(); }

}  // namespace postferry::pop3
