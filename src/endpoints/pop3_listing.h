#pragma once

#include <vector>

#include <postferry/pop3/session.h>

namespace postferry::endpoints {

// What the drop holds, every message with a UIDL that can serve as its identity; asked again once if the
// server lists fewer than STAT promised. Error{protocol, folder, never} "listing incomplete"; {protocol,
// endpoint, never} where UIDLs are missing or unfit.
std::vector<pop3::Drop> pop3_listing(pop3::Session& session);

}  // namespace postferry::endpoints
