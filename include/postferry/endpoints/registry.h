#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <postferry/base/byte_budget.h>
#include <postferry/base/ports.h>
#include <postferry/config/config.h>
#include <postferry/mail/destination.h>
#include <postferry/mail/source.h>
#include <postferry/net/stream.h>
#include <postferry/net/transcript.h>

namespace postferry::endpoints {

struct Secret {  // resolved late (and again for a token that expired), printed never
  std::function<std::string()> reveal;
};

struct Tools {  // what an endpoint may borrow; outlives it
  net::Dialer& dialer;
  ByteBudget& budget;
  Clock& clock;
  std::filesystem::path work_folder;     // for spooled bodies
  net::Timeouts timeouts;
  net::Transcript* transcript = nullptr;
  unsigned max_sessions = 0;             // --connections; 0: the account's own, else the default
  bool folder_sizes = false;             // a source says how many bytes its folders hold, where it is told
  bool stays_signed_in = false;          // a POP3 source that was read is read again, or asked for a releaser: in that session
};

// The source that an account's protocol asks for. Every type the program knows is in one visible list in
// src/endpoints/registry.cpp; no static registration: a linker drops unreferenced objects of a static library.
std::unique_ptr<mail::MailSource> make_source(const config::Account& account, Secret secret, Tools tools);

// The account as a place that mail is put into. A protocol that has no way to do that (POP3): Error{config,
// endpoint, never}.
std::unique_ptr<mail::Destination> make_destination(const config::Account& account, Secret secret, Tools tools);

}  // namespace postferry::endpoints
