#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <postferry/engine/job.h>

#include "failures.h"

namespace postferry::engine {

// How a lane ended, from good to bad.
enum class LaneEnd {
  done,
  given_up,     // the folder cannot be read or written to its end; the others go on
  not_reached,  // a stop, or the run ended elsewhere
};

// What is perhaps held under another reference can be told only when it is known what has left its old place. So a
// folder's lanes put such messages off, and when all folders have been listed a second look is taken at them alone.
enum class Look {
  only,   // the source has but one folder: nothing is put off
  first,
  second,
};

// One folder of a run: its numbers, its state, and the receipts of all its lanes. Lives until the sink has
// been flushed; any thread.
class FolderRun final : public mail::Receipts {
 public:
  FolderRun(const FolderTask& task, FailureList& failures);

  const FolderTask& task() const { return task_; }
  const mail::Folder& folder() const { return task_.folder; }
  const std::string& name() const { return name_; }

  // The state this folder is written under: that of the lane that comes first. A lane that has read it under
  // another epoch must not write: Error{protocol, folder, never}.
  mail::FolderState fix_state(const mail::FolderState& read);
  mail::FolderState state() const;

  void listed(std::uint64_t count) { listed_ += count; }
  void unlisted(std::uint64_t count) { listed_ -= count; }  // it counts when it is listed in the second look
  void held(std::uint64_t count) { held_ += count; }
  void skipped(std::uint64_t count) { skipped_ += count; }
  void handed_over(std::uint64_t bytes) { ++handed_over_, bytes_ += bytes; }
  void reflagged() { ++reflagged_; }
  void failed(const mail::MessageRef& ref, const mail::Headline& headline, const std::string& reason);

  void stored(const mail::MessageRef& source, const mail::Placement& place, std::uint64_t new_bytes) override;
  void refused(const mail::MessageRef& source, const mail::Headline& headline, const Error& why) override;

  // True for the first lane to start, and for the last one to end.
  bool lane_starts() { return !started_.exchange(true); }
  bool lane_ends(LaneEnd how, const std::string& problem);
  bool any_lane_started() const { return started_; }
  bool all_lanes_ended() const { return ended_ == lanes_; }

  void put_off(std::uint32_t number);
  bool was_put_off(std::uint32_t number) const;  // in the second look
  bool waits_for_second_look() const;
  // The span of what was put off, for one more lane; nothing if there is none, or the folder has not ended well.
  std::optional<mail::Span> begin_second_look();

  bool close() { return !closed_.exchange(true); }  // true once: the sink is told the end

  void suspect_shrinking();
  bool suspicious() const { return suspicious_; }
  std::string problem() const;
  bool lanes_ended_well() const;  // each of them started and came to its end
  bool ended_well() const;        // and nothing waits for a second look
  mail::FolderEnd end() const;

  // While it runs, what was handed over counts as stored; the receipts may come with the next pack.
  mail::Balance balance_so_far() const;
  // After the sink has been flushed. What was listed and has no outcome failed, if the folder was given up;
  // belongs to the next run, if it was not reached. In a folder that ended well it is a defect, ours or an
  // adapter's: the text says so.
  std::optional<std::string> settle_the_rest();
  mail::Balance balance() const;
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t new_bytes() const { return new_bytes_; }
  std::uint64_t reflagged_count() const { return reflagged_; }

 private:
  mail::Failure failure(const mail::MessageRef& ref, const mail::Headline& headline,
                        std::string reason) const;

  const FolderTask& task_;
  const std::string name_;
  FailureList& failures_;

  std::atomic<std::uint64_t> listed_{0}, held_{0}, skipped_{0}, failed_{0};
  std::atomic<std::uint64_t> handed_over_{0}, stored_{0}, refused_{0};
  std::atomic<std::uint64_t> bytes_{0}, new_bytes_{0}, reflagged_{0};
  std::atomic<std::size_t> lanes_, ended_{0};
  std::atomic<bool> started_{false}, suspicious_{false}, closed_{false};

  mutable std::mutex mutex_;
  std::optional<mail::FolderState> state_;  // guarded by mutex_
  LaneEnd worst_ = LaneEnd::done;           // guarded by mutex_
  std::string problem_;                     // guarded by mutex_; of the first lane that was given up
  std::vector<std::uint32_t> put_off_;      // guarded by mutex_; sorted from the second look on
  bool second_look_ = false;                // guarded by mutex_
};

}  // namespace postferry::engine
