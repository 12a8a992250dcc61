#pragma once

#include <atomic>
#include <cstdint>

#include <postferry/engine/push.h>

#include "outgoing.h"

namespace postferry::engine {

// The sums of a push, over all its lanes. Any thread.
struct PushCounters {
  std::atomic<std::uint64_t> sent{0}, recognised{0}, by_received{0}, by_date{0}, by_now{0};

  void dated(DateOrigin origin) {
    if (origin == DateOrigin::received) ++by_received;
    if (origin == DateOrigin::date) ++by_date;
    if (origin == DateOrigin::now) ++by_now;
  }
  PushCounts sum() const { return {sent, recognised, by_received, by_date, by_now}; }
};

}  // namespace postferry::engine
