#include <algorithm>
#include <chrono>
#include <deque>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <postferry/engine/job.h>

#include "failures.h"
#include "folder_run.h"
#include "lane_pool.h"
#include "names.h"

namespace postferry::engine {
namespace {

// One run, from the first declaration to the report. Its parts outlive the sink's flush(), as receipts must.
class Run {
 public:
  Run(const Plan& plan, World& world)
      : plan_(plan),
        world_(world),
        failures_(world.events),
        started_(world.clock.steady()),
        pool_(world, lanes(world), [this](FolderRun& folder) { folder_ended(folder); }) {
    report_.record.selection = world.selection;
    report_.record.start = wall_time();
    for (const auto& task : plan.tasks) {
      if (!task.spans.empty()) folders_.emplace_back(task, failures_);
    }
  }

  Report carry(std::stop_token stop) {
    announce();
    Halt halt;
    try {
      declare();
      repeat_unchanged();
      run_lanes(stop);
      look_again(stop);
      end_unfinished_folders();
      halt = pool_.halt();
    } catch (const Error& error) {
      halt = {Ending::failed, error, true};  // only the sink and the ledger speak here
    }
    return close(halt);
  }

 private:
  // A lane has done with its source before its sink has answered: another one may begin meanwhile. Of eight
  // nobody would notice, and each takes memory.
  static unsigned lanes(const World& world) {
    constexpr unsigned enough = 8;
    const auto sink = world.sink.traits();
    const auto sessions =
        std::min({world.limits.lanes, world.source.traits().max_sessions, sink.max_sessions});
    return sink.lanes_ahead ? std::max(sessions, std::min(enough, sessions + sessions / 2)) : sessions;
  }

  std::chrono::sys_seconds wall_time() const {
    return std::chrono::floor<std::chrono::seconds>(world_.clock.now());
  }

  void announce() {
    std::uint64_t messages = 0, bytes = 0;
    for (const auto& task : plan_.tasks) messages += task.folder.messages, bytes += task.folder.bytes;
    world_.events.on(mail::event::RunStarted{world_.account, plan_.tasks.size(), messages, bytes});
  }

  void declare() {
    for (const auto& folder : plan_.left_out) world_.sink.declare(folder, false);
    for (const auto& task : plan_.tasks) world_.sink.declare(task.folder, true);
  }

  void repeat_unchanged() {
    for (const auto& task : plan_.tasks) {
      if (!task.unchanged) continue;
      const auto count = world_.ledger.held_count(task.folder);
      world_.sink.repeat(task.folder);
      const mail::Balance balance{.listed = count, .held = count};
      report_.record.balance += balance;
      world_.events.on(mail::event::FolderDone{folder_name(task.folder), balance, true, {}});
    }
  }

  void run_lanes(const std::stop_token& stop) {
    const auto look = world_.source.traits().has_folders ? Look::first : Look::only;
    std::vector<LaneTask> first, rest;
    for (auto& folder : folders_) {
      // "all" in front names contents for the other folders, so it goes before them, alone (see make_plan).
      const bool leads = &folder.task() == &plan_.tasks.front() && folder.folder().role == mail::Role::all;
      for (const auto& span : folder.task().spans) (leads ? first : rest).push_back({&folder, span, look});
    }
    pool_.run(std::move(first), stop);
    pool_.run(std::move(rest), stop);
  }

  void look_again(const std::stop_token& stop) {
    if (pool_.halt().ending != Ending::done) return;
    std::vector<LaneTask> tasks;
    for (auto& folder : folders_) {
      if (const auto span = folder.begin_second_look()) tasks.push_back({&folder, *span, Look::second});
    }
    pool_.run(std::move(tasks), stop);
  }

  void folder_ended(FolderRun& folder) {
    if (folder.lanes_ended_well()) world_.ledger.listed(folder.folder());
    if (!folder.lanes_ended_well() || !folder.waits_for_second_look()) close_folder(folder);
  }

  void close_folder(FolderRun& folder) {
    if (!folder.close()) return;
    const auto end = folder.end();
    world_.sink.folder_done(folder.folder(), folder.state(), end);
    // An archive gives its receipts with the next pack; any other sink has given them.
    const auto balance = world_.sink.traits().idempotent ? folder.balance_so_far() : folder.balance();
    world_.events.on(mail::event::FolderDone{folder.name(), balance, false, end.problem});
  }

  // Some of whose lanes, or whose second look, never had their turn.
  void end_unfinished_folders() {
    for (auto& folder : folders_) {
      if (folder.any_lane_started()) close_folder(folder);
    }
  }

  Report close(const Halt& halt) {
    report_.ending = halt.ending;
    report_.error = halt.error;
    if (halt.sink_failed) {
      close_what_the_failed_sink_allows();
    } else {
      close_the_sink();
    }
    tell_the_end();
    return std::move(report_);
  }

  // The sink has said already why it cannot go on; a second failure of it adds nothing.
  void close_what_the_failed_sink_allows() {
    try {
      close_the_sink();
    } catch (const Error&) {
      if (!record_is_filled_) fill_record();
    }
  }

  void close_the_sink() {
    world_.sink.flush();
    fill_record();
    report_.snapshot = world_.sink.finish(report_.record);
  }

  void fill_record() {
    record_is_filled_ = true;
    auto& record = report_.record;
    for (auto& folder : folders_) add_up(folder);
    record.end = wall_time();
    std::tie(record.failures, record.more_failures) = failures_.take();
    record.interrupted = report_.ending != Ending::done || !all_lanes_ended();
    record.complete = !record.interrupted && record.balance.failed == 0 && report_.given_up_folders.empty() &&
                      report_.suspicious_folders.empty() && !report_.error;
  }

  bool all_lanes_ended() const {
    return std::all_of(folders_.begin(), folders_.end(),
                       [](const FolderRun& folder) { return folder.all_lanes_ended(); });
  }

  void add_up(FolderRun& folder) {
    const auto defect = folder.settle_the_rest();
    if (const auto problem = folder.problem(); !problem.empty()) {
      report_.given_up_folders.push_back(fmt::format("{}: {}", folder.name(), problem));
    }
    if (folder.suspicious()) report_.suspicious_folders.push_back(folder.name());
    if (defect) fail_the_sum(folder, *defect);
    report_.record.balance += folder.balance();
    report_.bytes += folder.bytes();
    report_.new_bytes += folder.new_bytes();
    report_.reflagged += folder.reflagged_count();
  }

  // The one thing that must never pass in silence: a message about which nobody knows whether it was carried.
  void fail_the_sum(const FolderRun& folder, const std::string& defect) {
    report_.given_up_folders.push_back(defect);
    if (report_.error) return;
    report_.ending = Ending::failed;
    report_.error = Error(Cause::damaged, Blast::run, Retry::never, defect);
    report_.error->advice =
        fmt::format("this is a defect of postferry; run it again, and check {} in the result", folder.name());
  }

  void tell_the_end() {
    const std::chrono::duration<double> time = world_.clock.steady() - started_;
    const auto& record = report_.record;
    world_.events.on(mail::event::RunDone{world_.account, record.balance, report_.reflagged, report_.bytes,
                                          report_.new_bytes, time.count(), report_.snapshot,
                                          record.complete});
  }

  const Plan& plan_;
  World& world_;
  FailureList failures_;
  const std::chrono::steady_clock::time_point started_;
  std::deque<FolderRun> folders_;  // those that have lanes; addresses stay
  LanePool pool_;
  Report report_;
  bool record_is_filled_ = false;
};

}  // namespace

Report run(const Plan& plan, World& world, std::stop_token stop) {
  return Run(plan, world).carry(std::move(stop));
}

}  // namespace postferry::engine
