#pragma once

#include <cstdint>
#include <memory>

#include <postferry/base/ports.h>
#include <postferry/net/stream.h>

namespace postferry::net {

// Connections over `below` that together read and write no more than so many bytes a second, without TLS's own. A
// thread that is ahead of its time waits in read() or write(), at most a second at once, and wakes for the stop token that
// it dialled with. `below` and `clock` outlive the dialer and its streams; the dialer outlives its streams.
std::unique_ptr<Dialer> limited_dialer(Dialer& below, std::uint64_t bytes_per_second, Clock& clock);

}  // namespace postferry::net
