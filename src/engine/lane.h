#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include <postferry/engine/job.h>

#include "folder_run.h"
#include "patience.h"

namespace postferry::engine {

struct LaneResult {
  LaneEnd end = LaneEnd::done;
  std::optional<GivenUp> why;  // given_up; and not_reached, unless a stop was the reason
  bool sink_failed = false;    // it was the writer that failed
  bool progress = false;       // something of it arrived
  bool stepped_back =
      false;  // not_reached, and to be taken up by another lane: the server wants fewer connections
};

// Carries one span of one folder: a reader on a thread of its own, the writer on the caller's. Comes back for
// whatever a mailbox, a server or a sink does, and after a stop; what had arrived by then has been handed
// over. `others_run`: whether other lanes are at work, or wait for a session. Then a session that is refused
// before it could begin is no reason to wait: this lane is one too many.
LaneResult run_lane(FolderRun& folder, mail::Span span, Look look, World& world,
                    const std::function<bool()>& others_run, std::stop_token stop);

}  // namespace postferry::engine
