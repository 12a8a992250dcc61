#pragma once

#include <postferry/mail/ledger.h>

#include "sink_folder.h"

namespace postferry::engine {

// A message that was carried before and lies in the folder as `number`; `size` there, 0: not known.
mail::Known known_at(const PushWorld& world, const SinkFolder& folder, const mail::Meta& meta,
                     std::uint32_t number, std::uint64_t size, const mail::Flags& carried);

// Why a message that lies there with another header than it was given counts as failed, in every run.
std::string damage(const SinkFolder& folder, std::uint32_t number);

// What a settlement of the lane says of the message that was carried under it. If it still holds, it is
// taken: no other message is told so. Any thread.
mail::Verdict settled_verdict(const PushWorld& world, SinkFolder& folder, mail::LaneId lane,
                              const mail::Meta& meta, const mail::Settled& settled);

}  // namespace postferry::engine
