#pragma once

#include <variant>
#include <vector>

#include <postferry/base/bounded_queue.h>
#include <postferry/mail/sink.h>

namespace postferry::engine {

// What passes from a lane's reader to its writer, in the order in which the reader met it.
using Parcel = std::variant<mail::Message, mail::Known, mail::Span>;

// Parcels travel in batches: a wake-up for each costs more than a small message does.
using Batch = std::vector<Parcel>;
using Pipe = BoundedQueue<Batch>;

}  // namespace postferry::engine
