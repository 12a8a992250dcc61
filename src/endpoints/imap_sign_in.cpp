#include "imap_sign_in.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>

#include "pop3_sign_in.h"

namespace postferry::endpoints {
namespace {

net::TlsPolicy policy_of(const config::Account& account) {
  return {account.host, account.fingerprint, account.ca_file};
}

// For transcripts: connections of one run are told apart by a number.
std::string connection_name(const config::Account& account) {
  static std::atomic<unsigned> count{0};
  return fmt::format("{}#{}", account.id(), ++count);
}

imap::Window window_of(const config::Account& account) {
  imap::Window window;
  if (account.pipeline) window.commands = std::max(1u, *account.pipeline);
  return window;
}

ImapLine connect(const config::Account& account, const Tools& tools, const std::stop_token& stop) {
  const auto policy = policy_of(account);
  const bool tls = account.security == config::Security::tls;
  auto stoppable = std::make_unique<StoppableStream>(
      tools.dialer.dial(account.host, account.port, tls ? &policy : nullptr, tools.timeouts, stop));
  stoppable->follow(stop);
  ImapLine line;
  line.stoppable = stoppable.get();
  std::unique_ptr<net::Stream> stream = std::move(stoppable);
  if (tools.transcript != nullptr) {
    stream = net::tapped(std::move(stream), *tools.transcript, connection_name(account));
  }
  line.session = std::make_unique<imap::Session>(std::move(stream), window_of(account));
  return line;
}

void authenticate(imap::Session& session, const config::Account& account, const Secret& secret) {
  if (session.preauth()) return;
  const auto word = secret.reveal();
  if (account.auth == config::Auth::xoauth2) {
    session.authenticate_xoauth2(account.user, word);
  } else if (account.auth_user.empty()) {
    session.login(account.user, word);
  } else {
    session.login(account.auth_user, word, account.user);
  }
}

}  // namespace

ImapLine imap_sign_in(const config::Account& account, const Secret& secret, const Tools& tools,
                      std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  try {
    auto line = connect(account, tools, stop);
    if (account.security == config::Security::starttls) line.session->start_tls(policy_of(account));
    authenticate(*line.session, account, secret);
    if (line.session->can("ID")) line.session->identify(POSTFERRY_VERSION);
    return line;
  } catch (const Error& error) {
    auto named = at_host(account.host, at_the_door(error));
    if (named.cause == Cause::auth && named.advice.empty()) named.advice = account.advice;
    throw named;
  }
}

}  // namespace postferry::endpoints
