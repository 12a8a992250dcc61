#include "exit_status.h"

#include <algorithm>
#include <array>

namespace postferry::cli {

Exit exit_of(const Error& error) {
  switch (error.cause) {
    case Cause::auth:
      return error.retry == Retry::later ? Exit::later : Exit::refused;
    case Cause::damaged:
      return Exit::damaged;
    case Cause::locked:
      return Exit::locked;
    case Cause::throttled:
    case Cause::quota:
      return Exit::later;  // on reading; a full destination is a refused message
    case Cause::network:
      return error.retry == Retry::never ? Exit::failed : Exit::later;
    case Cause::protocol:
      return error.retry == Retry::later ? Exit::later : Exit::failed;
    // an endpoint's own configuration fault is an unknown host: that may be cured by waiting for the name,
    // not by us
    case Cause::config:
      return error.blast == Blast::endpoint ? Exit::failed : Exit::usage;
    case Cause::tls:
    case Cause::missing:
    case Cause::rejected:
    case Cause::storage:
      return Exit::failed;
  }
  return Exit::failed;
}

Exit worst(std::span<const Exit> all) {
  if (all.empty()) return Exit::complete;
  const auto locked = [](Exit one) { return one == Exit::locked; };
  if (std::all_of(all.begin(), all.end(), locked)) return Exit::locked;
  constexpr std::array order{Exit::interrupted, Exit::damaged, Exit::failed, Exit::usage,
                             Exit::refused,     Exit::partly,  Exit::later};
  for (const auto candidate : order) {
    const auto is = [&](Exit one) { return (locked(one) ? Exit::later : one) == candidate; };
    if (std::any_of(all.begin(), all.end(), is)) return candidate;
  }
  return Exit::complete;
}

}  // namespace postferry::cli
