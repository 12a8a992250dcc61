#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/pop3/session.h>

#include "stoppable_stream.h"

namespace postferry::endpoints {

// A signed-in POP3 session and the handle by which it follows another stop token. Destroying it hangs up
// without QUIT.
struct Pop3Line {
  std::unique_ptr<pop3::Session> session;
  StoppableStream* stoppable = nullptr;  // owned by the session
};

// Connects and signs in as the account says. Errors begin with the host's name.
Pop3Line pop3_sign_in(const config::Account& account, const Secret& secret, const Tools& tools,
                      std::stop_token stop);

// A connection that is lost before anybody was signed in says something of the server, and nothing of a folder or a
// message: {network, endpoint, later}.
Error at_the_door(const Error& error);

// `error` with the host's name before it, if it speaks of the connection and does not name it yet.
Error at_host(const std::string& host, const Error& error);

}  // namespace postferry::endpoints
