#pragma once

#include <memory>
#include <optional>
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
  StoppableStream* stoppable = nullptr;         // owned by the session
  std::optional<pop3::Listing> listing;         // heard already, and used by nobody so far
};

// Connects, as far as the sign-in. Errors begin with the host's name.
Pop3Line pop3_dial(const config::Account& account, const Tools& tools, std::stop_token stop);
// Signs in as the account says. Errors likewise.
void pop3_sign_in(Pop3Line& line, const config::Account& account, const Secret& secret);

}  // namespace postferry::endpoints
