#pragma once

#include <memory>
#include <stop_token>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/mail/source.h>

#include "pop3_sign_in.h"

namespace postferry::endpoints {

// Where a reader gets its session, and leaves it. Whoever has the session may call it, on any thread.
class Pop3Lines {
 public:
  virtual ~Pop3Lines() = default;
  virtual Pop3Line borrow(std::stop_token stop) = 0;
  // Begins to open a connection for the next borrow(), as far as it goes without the drop's lock, on a thread of its own.
  // What goes wrong is tried again there.
  virtual void dial_ahead(std::stop_token stop) noexcept = 0;
  virtual void give_back(Pop3Line line) noexcept = 0;  // alive, nothing in flight
  // The same of one that nobody wants any more. It says QUIT, and holds the drop's lock until that is answered: the next
  // borrow() waits for it before it signs in.
  virtual void leave(Pop3Line line) noexcept = 0;
};

// Reads the drop in as many sessions as it takes: after lost connections, and because there are servers that
// show a batch at a time. `lines` outlives it.
std::unique_ptr<mail::FolderReader> pop3_reader(const config::Account& account, const Tools& tools,
                                                Pop3Lines& lines, std::stop_token stop);

}  // namespace postferry::endpoints
