#pragma once

#include <atomic>
#include <cstdint>

#include <postferry/engine/push.h>

#include "outgoing.h"
#include "repair.h"

namespace postferry::engine {

// The sums of a push, over all its lanes. Any thread.
struct PushCounters {
  std::atomic<std::uint64_t> sent{0}, recognised{0}, merged{0}, by_received{0}, by_date{0}, by_now{0};
  std::atomic<std::uint64_t> nuls{0}, headers{0}, lines{0};

  void dated(DateOrigin origin) {
    if (origin == DateOrigin::received) ++by_received;
    if (origin == DateOrigin::date) ++by_date;
    if (origin == DateOrigin::now) ++by_now;
  }
  void mended(std::uint8_t altered) {
    const auto was = [&](Repair step) { return (altered & static_cast<std::uint8_t>(step)) != 0; };
    if (was(Repair::nuls)) ++nuls;
    if (was(Repair::header)) ++headers;
    if (was(Repair::very_long_lines) || was(Repair::long_lines)) ++lines;
  }
  PushCounts sum() const { return {sent, recognised, merged, by_received, by_date, by_now, nuls, headers, lines}; }
};

}  // namespace postferry::engine
