#include "pop3_sign_in.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

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

Pop3Line connect(const config::Account& account, const Tools& tools, const std::stop_token& stop) {
  const auto policy = policy_of(account);
  const bool tls = account.security == config::Security::tls;
  auto stoppable = std::make_unique<StoppableStream>(
      tools.dialer.dial(account.host, account.port, tls ? &policy : nullptr, tools.timeouts, stop));
  stoppable->follow(stop);
  Pop3Line line;
  line.stoppable = stoppable.get();
  std::unique_ptr<net::Stream> stream = std::move(stoppable);
  if (tools.transcript != nullptr)
    stream = net::tapped(std::move(stream), *tools.transcript, connection_name(account));
  line.session = std::make_unique<pop3::Session>(std::move(stream), account.pipeline.value_or(64));
  return line;
}

void authenticate(pop3::Session& session, const config::Account& account, const std::string& secret) {
  if (account.auth == config::Auth::xoauth2) {
    session.authenticate_xoauth2(account.user, secret);
  } else if (account.auth_user.empty()) {
    session.login(account.user, secret);
  } else {
    session.login(account.auth_user, secret, account.user);
  }
}

}  // namespace

Error at_the_door(const Error& error) {
  if (error.cause != Cause::network || error.blast != Blast::session) return error;
  Error away(error.cause, Blast::endpoint, Retry::later, error.what());
  away.retry_after = error.retry_after;
  away.advice = error.advice;
  return away;
}

Error at_host(const std::string& host, const Error& error) {
  const bool ours = error.cause == Cause::storage || error.cause == Cause::damaged;
  if (ours || std::string_view(error.what()).starts_with(host)) return error;
  Error named(error.cause, error.blast, error.retry, fmt::format("{}: {}", printable(host), error.what()));
  named.retry_after = error.retry_after;
  named.suspect = error.suspect;
  named.advice = error.advice;
  return named;
}

Pop3Line pop3_sign_in(const config::Account& account, const Secret& secret, const Tools& tools,
                      std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  try {
    auto line = connect(account, tools, stop);
    line.session->capabilities();
    if (account.security == config::Security::starttls) line.session->start_tls(policy_of(account));
    authenticate(*line.session, account, secret.reveal());
    return line;
  } catch (const Error& error) {
    throw at_host(account.host, at_the_door(error));
  }
}

}  // namespace postferry::endpoints
