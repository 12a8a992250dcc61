#include "lane.h"

#include <algorithm>

#include <fmt/format.h>

#include <postferry/base/task_group.h>

#include "feeder.h"
#include "parcel.h"
#include "patience.h"
#include "settler.h"

namespace postferry::engine {
namespace {

// The reader found its lane to be one too many.
struct SteppedBack {
  Error why;
};

// Reads one span to its end, through lost sessions and waits.
class LaneReader {
 public:
  LaneReader(FolderRun& folder, mail::Span span, Look look, World& world, Pipe& pipe,
             const std::function<bool()>& others_run, std::stop_token gone)
      : folder_(folder),
        span_(span),
        look_(look),
        world_(world),
        pipe_(pipe),
        others_run_(others_run),
        gone_(std::move(gone)),
        patience_(world.limits, world.clock, world.events) {}

  // The reader's thread. Whatever happens, the pipe is closed, after all that arrived.
  void run(std::stop_token stop) {
    std::exception_ptr why;
    try {
      read(stop);
    } catch (...) {
      why = std::current_exception();
    }
    try {
      if (feeder_) feeder_->flush();
    } catch (const Cancelled&) {
      // The writer has gone first; it has its own reason.
    }
    reader_.reset();  // has done with its session before anybody is told
    pipe_.close(std::move(why));  // the last hold on it: it is freed where it is answered
  }

  const mail::FolderState& state() const { return state_; }  // after the first parcel
  bool anything_arrived() const { return feeder_ && feeder_->answered_count() > 0; }  // after run()

 private:
  void read(std::stop_token stop) {
    try {
      begin(stop);
      scan(stop);
    } catch (const GivenUp& why) {
      if (!fresh_start_helps(why)) throw;
      begin(stop);
      scan(stop);
    }
    check_the_sum();
  }

  void begin(std::stop_token stop) {
    reader_.reset();
    persist(patience_, stop, [&] {
      try {
        if (!reader_) reader_ = world_.source.open(folder_.folder(), stop);
        state_ = reader_->begin();
      } catch (const Error& error) {
        if (error.cause == Cause::throttled && error.retry == Retry::later && others_run_())
          throw SteppedBack{error};
        throw;
      }
    });
    ledger_ = world_.ledger.open(folder_.folder(), span_, state_);
    feeder_.emplace(world_, folder_, look_, *ledger_, pipe_, stop, gone_);
    if (!world_.accept_shrink && world_.ledger.shrank(folder_.folder(), state_)) folder_.suspect_shrinking();
  }

  void scan(std::stop_token stop) {
    for (;;) {
      try {
        return reader_->scan(span_, *feeder_, *feeder_);
      } catch (const Error& error) {
        feeder_->flush();
        if (feeder_->take_progress()) patience_.progress();
        if (must_begin_anew(error)) throw GivenUp{Action::give_up_folder, error};
        patience_.after(error, stop);
      }
    }
  }

  // UIDVALIDITY has changed between two sessions: what was learnt of the folder is void.
  static bool must_begin_anew(const Error& error) {
    return error.blast == Blast::folder && error.retry == Retry::now;
  }

  // Once, and only while nothing has been passed on under the old state.
  bool fresh_start_helps(const GivenUp& why) {
    const bool untouched = !feeder_ || !feeder_->anything_listed();
    return must_begin_anew(why.error) && !why.exhausted && untouched;
  }

  void check_the_sum() const {
    const auto listed = feeder_->listed_count();
    const auto answered = feeder_->answered_count();
    if (listed == answered) return;
    throw GivenUp{Action::give_up_folder,
                  Error(Cause::protocol, Blast::folder, Retry::never,
                        fmt::format("{}: {} messages were listed, but {} were answered for", folder_.name(),
                                    listed, answered))};
  }

  FolderRun& folder_;
  const mail::Span span_;
  const Look look_;
  World& world_;
  Pipe& pipe_;
  const std::function<bool()>& others_run_;
  const std::stop_token gone_;
  Patience patience_;
  std::unique_ptr<mail::FolderReader> reader_;
  std::unique_ptr<mail::LaneLedger> ledger_;
  std::optional<Feeder> feeder_;
  mail::FolderState state_;
};

LaneResult result_of(const GivenUp& why, bool sink_failed) {
  const bool only_the_folder = why.action == Action::give_up_folder || why.action == Action::give_up_message;
  return {only_the_folder ? LaneEnd::given_up : LaneEnd::not_reached, why, sink_failed};
}

// The writer does not try again: what it was handed is gone, and only a new run can fetch it once more.
LaneResult result_of_writing(const Error& error, const Limits& limits) {
  auto action = decide(error, 1, limits).action;
  if (action == Action::again || action == Action::again_after) {
    action = error.blast <= Blast::session ? Action::give_up_folder : Action::end_later;
  }
  return result_of(GivenUp{action, error}, true);
}

}  // namespace

LaneResult run_lane(FolderRun& folder, mail::Span span, Look look, World& world,
                    const std::function<bool()>& others_run, std::stop_token stop) {
  // A few batches are enough to keep both sides busy; memory is the budget's affair.
  Pipe pipe(std::max<std::size_t>(2, world.limits.queued_parcels / 4));
  std::stop_source gone;
  LaneReader reader(folder, span, look, world, pipe, others_run, gone.get_token());
  LaneResult result;
  {
    TaskGroup thread(stop);
    thread.start("reader", [&](std::stop_token reading) { reader.run(std::move(reading)); });
    if (look != Look::second) world.sink.make_ready(folder.folder());
    const std::function<mail::FolderState()> read = [&] { return reader.state(); };
    try {
      Settler settler(world, folder, read, std::stop_token{});
      settler.drain(pipe);
    } catch (const GivenUp& why) {
      result = result_of(why, false);
    } catch (const SteppedBack& step) {
      result = {LaneEnd::not_reached, GivenUp{Action::end_later, step.why}};
      result.stepped_back = true;
    } catch (const Cancelled&) {
      result.end = LaneEnd::not_reached;
    } catch (const Error& error) {
      result = result_of_writing(error, world.limits);
    } catch (...) {
      gone.request_stop();  // not ours to answer: a bug, or a test that pulls the plug
      throw;
    }
    gone.request_stop();
    thread.request_stop();
    thread.join();
  }
  result.progress = reader.anything_arrived();
  return result;
}

}  // namespace postferry::engine
