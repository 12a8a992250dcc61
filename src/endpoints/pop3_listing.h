#pragma once

#include <optional>
#include <string>
#include <vector>

#include <postferry/pop3/session.h>

namespace postferry::endpoints {

// What the drop holds; asked again once if the server lists fewer than STAT promised.
struct Pop3Listing {
  std::vector<pop3::Drop> drops;
  // Why the UIDLs cannot serve as identities: missing, doubled, unfit, or the message numbers. The drops have none then.
  std::string unsound;
  std::string incomplete;  // "listing incomplete: ...", where there are fewer than promised
};

// `heard`: what the session has listed already.
Pop3Listing pop3_listing(pop3::Session& session, std::optional<pop3::Listing> heard = {});

}  // namespace postferry::endpoints
