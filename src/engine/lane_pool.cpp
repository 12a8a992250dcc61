#include "lane_pool.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/task_group.h>

namespace postferry::engine {
namespace {

// After so many folders in a row whose sessions all died without a message, it is not the folders.
constexpr unsigned patience_with_folders = 3;

}  // namespace

LanePool::LanePool(World& world, unsigned lanes, std::function<void(FolderRun&)> ended)
    : world_(world), lanes_(std::max(1U, lanes)), ended_(std::move(ended)) {}

void LanePool::run(std::vector<LaneTask> tasks, std::stop_token stop) {
  if (halt_.ending != Ending::done || tasks.empty()) return;
  if (stop.stop_requested()) return stop_with(Ending::interrupted, {}, false);
  const auto threads = std::min<std::size_t>(lanes_, tasks.size());
  waiting_.assign(tasks.begin(), tasks.end());

  const std::stop_callback follow(stop, [this] { halted_.request_stop(); });
  TaskGroup group(halted_.get_token());
  for (std::size_t i = 0; i < threads; ++i) {
    group.start("lane", [this](std::stop_token halted) { work(std::move(halted)); });
  }
  group.join();
  if (stop.stop_requested()) stop_with(Ending::interrupted, {}, false);
}

void LanePool::work(std::stop_token stop) {
  while (auto task = next(stop)) {
    auto& folder = *task->folder;
    if (folder.lane_starts()) {
      world_.events.on(
          mail::event::FolderStarted{folder.name(), folder.folder().messages, folder.folder().bytes});
    }
    const auto result = run_lane(folder, task->span, task->look, world_, [this] { return others_run(); }, stop);
    if (!settle(*task, result)) return;
  }
}

std::optional<LaneTask> LanePool::next(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() || stop.stop_requested()) return std::nullopt;
  auto task = waiting_.front();
  waiting_.pop_front();
  ++running_;
  return task;
}

bool LanePool::others_run() {
  const std::lock_guard lock(mutex_);
  return running_ > 1;
}

bool LanePool::settle(const LaneTask& task, const LaneResult& result) {
  if (result.stepped_back) return !put_back(task, result.why->error);
  if (result.end == LaneEnd::not_reached && result.why) {
    stop_with(result.why->action == Action::end_later ? Ending::later : Ending::failed, result.why->error,
              result.sink_failed);
  } else if (server_is_gone(result)) {
    stop_with(Ending::later, result.why->error, false);
  }
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  const std::string problem = result.end == LaneEnd::given_up ? result.why->error.what() : "";
  if (task.folder->lane_ends(result.end, problem)) ended_(*task.folder);
  return true;
}

bool LanePool::put_back(const LaneTask& task, const Error& why) {
  const std::lock_guard lock(mutex_);
  --running_;
  waiting_.push_front(task);
  if (running_ == 0) return false;
  lanes_ = running_;
  world_.events.on(
      mail::event::Note{"", fmt::format("going on with fewer connections: {}", why.what())});
  return true;
}

bool LanePool::server_is_gone(const LaneResult& result) {
  const std::lock_guard lock(mutex_);
  if (result.progress || result.end == LaneEnd::done) lost_in_a_row_ = 0;
  const bool lost =
      result.end == LaneEnd::given_up && result.why->exhausted && result.why->error.blast == Blast::session;
  if (!lost || result.progress) return false;
  return ++lost_in_a_row_ >= patience_with_folders;
}

void LanePool::stop_with(Ending ending, std::optional<Error> error, bool sink_failed) {
  {
    const std::lock_guard lock(mutex_);
    if (halt_.ending == Ending::done) halt_ = {ending, std::move(error), sink_failed};
  }
  halted_.request_stop();
}

}  // namespace postferry::engine
