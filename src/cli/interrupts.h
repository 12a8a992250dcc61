#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

namespace postferry::cli {

// Blocks SIGINT, SIGTERM and SIGHUP for this thread and all that it starts. Before any thread.
void block_interrupts();

// Runs `work` on a thread of its own, while this one, the only one that waits for signals, waits: the first
// signal requests stop and calls `asked`, the second ends the process at once with 130, as a kill would
// (nothing published is lost by it). Calls `tick` every `interval` meanwhile. Rethrows nothing: `work` must
// not throw.
int run_interruptible(const std::function<int(std::stop_token)>& work, const std::function<void()>& asked,
                      const std::function<void()>& tick, std::chrono::milliseconds interval);

}  // namespace postferry::cli
