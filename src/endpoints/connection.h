#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <postferry/base/error.h>
#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>

#include "stoppable_stream.h"

namespace postferry::endpoints {

// A connection before anybody has signed in, as the account and the tools want it: TLS from the first byte or not, with
// the transcript's ear on it.
struct Connection {
  std::unique_ptr<net::Stream> stream;
  StoppableStream* stoppable = nullptr;  // owned by the stream: the handle by which it follows another stop token
};
Connection connect(const config::Account& account, const Tools& tools, const std::stop_token& stop);

net::TlsPolicy tls_policy(const config::Account& account);

// XOAUTH2, or a password for the user, or an administrator's on the user's behalf.
template <class Session>
void authenticate(Session& session, const config::Account& account, const std::string& secret) {
  if (account.auth == config::Auth::xoauth2) {
    session.authenticate_xoauth2(account.user, secret);
  } else if (account.auth_user.empty()) {
    session.login(account.user, secret);
  } else {
    session.login(account.auth_user, secret, account.user);
  }
}

// What went wrong before anybody was signed in, as it is to be thrown: with the host's name, with the account's advice
// where the server refused the credentials. A lost connection says something of the server then, and nothing of a folder
// or a message: {network, endpoint, later}.
Error sign_in_failure(const config::Account& account, const Error& error);

// `error` with the host's name before it, if it speaks of the connection and does not name it yet.
Error at_host(const std::string& host, const Error& error);

}  // namespace postferry::endpoints
