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

// Connects and signs in as the account says. Errors begin with the host's name. `leaving` is a session of before that has
// said QUIT: it holds the drop's lock until that is answered, which is waited for before the sign-in.
Pop3Line pop3_sign_in(const config::Account& account, const Secret& secret, const Tools& tools, std::stop_token stop,
                      pop3::Session* leaving = nullptr);

}  // namespace postferry::endpoints
