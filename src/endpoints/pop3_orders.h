#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <postferry/mail/release.h>
#include <postferry/pop3/session.h>

#include "pop3_listing.h"

namespace postferry::endpoints {

// Which message of a session each order means, if any: proven in that session.
struct Pop3Matches {
  std::vector<std::optional<pop3::Drop>> drops;  // parallel to the orders
  std::vector<mail::ReleaseResult> results;      // of those without a drop
};

// By UIDL, the size in LIST and the header by TOP; where one of them is not to be had or does not serve, by the whole message,
// which is read and hashed. A drop is given to one order only. Throws what the session throws.
Pop3Matches match_orders(pop3::Session& session, const Pop3Listing& listing, std::span<const mail::ReleaseOrder> orders);

}  // namespace postferry::endpoints
