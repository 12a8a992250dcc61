#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/imap/session.h>

#include "stoppable_stream.h"

namespace postferry::endpoints {

// A signed-in IMAP session and the handle by which it follows another stop token. Destroying it hangs up
// without LOGOUT.
struct ImapLine {
  std::unique_ptr<imap::Session> session;
  StoppableStream* stoppable = nullptr;  // owned by the session
  std::string selected_name;             // the folder it was given back with, if that is known
  imap::Selected selected;
  std::chrono::steady_clock::time_point given_back{};
};

// Connects and signs in as the account says. Errors begin with the host's name.
ImapLine imap_sign_in(const config::Account& account, const Secret& secret, const Tools& tools,
                      std::stop_token stop);

}  // namespace postferry::endpoints
