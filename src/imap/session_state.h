#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <postferry/imap/session.h>

#include "fetch_reader.h"
#include "pipe.h"

namespace postferry::imap {

// The items of fetch_flags().
inline constexpr std::string_view listing_of_flags = "(UID FLAGS RFC822.SIZE)";

struct Session::State {
  State(std::unique_ptr<net::Stream> stream, Window w) : pipe(std::move(stream)), window(w) {}

  // The items of every listing, and of every body.
  std::string items() const {
    std::string out = "UID FLAGS INTERNALDATE RFC822.SIZE";
    if (pipe.capabilities().has("X-GM-EXT-1")) out += " X-GM-MSGID X-GM-LABELS";
    if (pipe.capabilities().has("OBJECTID")) out += " EMAILID";
    return out;
  }

  // What `reply` means, with what the server has told a person to do (quirk 31).
  Error refusal(const Reply& reply) const;

  Pipe pipe;
  Window window;
  bool preauth = false;
  std::optional<Namespace> own;  // as the server has told it
  FetchReader fetch;
  Uid in_flight = 0;
};

// Hears and does nothing.
class Nobody final : public Untagged {};

}  // namespace postferry::imap
