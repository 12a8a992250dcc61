#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include <postferry/engine/job.h>

#include "folder_run.h"
#include "lane.h"

namespace postferry::engine {

// A lane that waits for its turn.
struct LaneTask {
  FolderRun* folder = nullptr;
  mail::Span span;
  Look look = Look::only;
};

// Why the lanes ended before their time, if they did.
struct Halt {
  Ending ending = Ending::done;
  std::optional<Error> error;
  bool sink_failed = false;
};

// Runs lanes, a few at a time, in the order given. One thread calls run(), once.
class LanePool {
 public:
  // `ended` is called by the lane's thread when the last lane of a folder has ended.
  LanePool(World& world, unsigned lanes, std::function<void(FolderRun&)> ended);

  // All of `tasks`; returns at once if an earlier call came to a halt.
  void run(std::vector<LaneTask> tasks, std::stop_token stop);
  const Halt& halt() const { return halt_; }  // after run()

 private:
  void work(std::stop_token stop);
  std::optional<LaneTask> next(const std::stop_token& stop);
  // False: this thread is one too many for the server, and ends.
  bool settle(const LaneTask& task, const LaneResult& result);
  // True: others go on, and one of them will take it up.
  bool put_back(const LaneTask& task, const Error& why);
  bool others_run();
  bool server_is_gone(const LaneResult& result);
  void stop_with(Ending ending, std::optional<Error> error, bool sink_failed);

  World& world_;
  unsigned lanes_;  // how many at a time; shrinks when the server refuses
  const std::function<void(FolderRun&)> ended_;

  std::mutex mutex_;
  std::deque<LaneTask> waiting_;  // guarded by mutex_
  unsigned running_ = 0;          // guarded by mutex_
  unsigned lost_in_a_row_ = 0;    // guarded by mutex_; folders given up for lost sessions, nothing arriving
  Halt halt_;                     // guarded by mutex_
  std::stop_source halted_;
};

}  // namespace postferry::engine
