#include "connection.h"

#include <atomic>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

namespace postferry::endpoints {
namespace {

// For transcripts: connections of one run are told apart by a number.
std::string connection_name(const config::Account& account) {
  static std::atomic<unsigned> count{0};
  return fmt::format("{}#{}", account.id(), ++count);
}

}  // namespace

net::TlsPolicy tls_policy(const config::Account& account) {
  return {account.host, account.fingerprint, account.ca_file};
}

Connection connect(const config::Account& account, const Tools& tools, const std::stop_token& stop) {
  const auto policy = tls_policy(account);
  const bool tls = account.security == config::Security::tls;
  auto stoppable = std::make_unique<StoppableStream>(
      tools.dialer.dial(account.host, account.port, tls ? &policy : nullptr, tools.timeouts, stop));
  stoppable->follow(stop);
  Connection out;
  out.stoppable = stoppable.get();
  out.stream = std::move(stoppable);
  if (tools.transcript != nullptr) {
    out.stream = net::tapped(std::move(out.stream), *tools.transcript, connection_name(account));
  }
  return out;
}

Error sign_in_failure(const config::Account& account, const Error& error) {
  auto out = at_host(account.host, error);
  if (out.cause == Cause::auth && out.advice.empty()) out.advice = account.advice;
  if (out.cause == Cause::network && out.blast == Blast::session) {
    out.blast = Blast::endpoint;
    out.retry = Retry::later;
  }
  return out;
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

}  // namespace postferry::endpoints
