#pragma once

#include <memory>

#include <postferry/mail/ledger.h>

#include "sink_folder.h"

namespace postferry::engine {

// What was carried from a POP3 drop: known by its UIDL where that is sound and LIST tells the size that it
// had; else by size and header, one to one, if all settled messages of that size and header are the same and
// have a Message-ID.
std::unique_ptr<mail::LaneLedger> drop_lane(PushWorld& world, SinkFolder& folder, mail::LaneId lane);

}  // namespace postferry::engine
