#include "folder_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "names.h"

namespace postferry::engine {

FolderRun::FolderRun(const FolderTask& task, FailureList& failures)
    : task_(task), name_(folder_name(task.folder)), failures_(failures), lanes_(task.spans.size()) {}

mail::FolderState FolderRun::fix_state(const mail::FolderState& read) {
  const std::lock_guard lock(mutex_);
  if (!state_) state_ = read;
  if (state_->epoch != read.epoch) {
    // What has been written already carries numbers of the first epoch. Mixing them would let two messages
    // share one; the next run recognises what it holds by header evidence.
    throw Error(
        Cause::protocol, Blast::folder, Retry::never,
        fmt::format(
            "{}: its UIDVALIDITY changed from {} to {} while it was read; the rest is left for the next run",
            name_, state_->epoch, read.epoch));
  }
  return *state_;
}

mail::FolderState FolderRun::state() const {
  const std::lock_guard lock(mutex_);
  return state_.value_or(mail::FolderState{});
}

mail::Failure FolderRun::failure(const mail::MessageRef& ref, const mail::Headline& headline,
                                 std::string reason) const {
  return {name_, folder().wire_name, ref, headline, std::move(reason)};
}

void FolderRun::failed(const mail::MessageRef& ref, const mail::Headline& headline,
                       const std::string& reason) {
  ++failed_;
  failures_.add(failure(ref, headline, reason));
}

void FolderRun::stored(const mail::MessageRef&, const mail::Placement&, std::uint64_t new_bytes) {
  ++stored_;
  new_bytes_ += new_bytes;
}

void FolderRun::refused(const mail::MessageRef& source, const mail::Headline& headline, const Error& why) {
  ++refused_;
  failed(source, headline, why.what());
}

bool FolderRun::lane_ends(LaneEnd how, const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (how > worst_) worst_ = how;
  if (how == LaneEnd::given_up && problem_.empty()) problem_ = problem;
  return ++ended_ == lanes_;
}

void FolderRun::put_off(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  put_off_.push_back(number);
}

bool FolderRun::was_put_off(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  return std::binary_search(put_off_.begin(), put_off_.end(), number);
}

bool FolderRun::waits_for_second_look() const {
  const std::lock_guard lock(mutex_);
  return !second_look_ && !put_off_.empty();
}

std::optional<mail::Span> FolderRun::begin_second_look() {
  const std::lock_guard lock(mutex_);
  if (second_look_ || put_off_.empty() || worst_ != LaneEnd::done || !all_lanes_ended()) return std::nullopt;
  second_look_ = true;
  std::sort(put_off_.begin(), put_off_.end());
  ++lanes_;
  return mail::Span{put_off_.front(), put_off_.back()};
}

void FolderRun::suspect_shrinking() { suspicious_ = true; }

std::string FolderRun::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

mail::FolderEnd FolderRun::end() const {
  return {ended_well() && failed_ == 0, failed_, problem(), suspicious_};
}

bool FolderRun::lanes_ended_well() const {
  const std::lock_guard lock(mutex_);
  return worst_ == LaneEnd::done && all_lanes_ended();
}

bool FolderRun::ended_well() const { return lanes_ended_well() && !waits_for_second_look(); }

mail::Balance FolderRun::balance_so_far() const {
  return {listed_, handed_over_ - std::min<std::uint64_t>(refused_, handed_over_), held_, skipped_, failed_};
}

std::optional<std::string> FolderRun::settle_the_rest() {
  // Given up before all of it was listed: what the server has counted there is missing all the same.
  if (!problem().empty()) listed_ = std::max<std::uint64_t>(listed_, folder().messages);
  const auto sum = balance();
  if (sum.adds_up()) return std::nullopt;
  const auto told = sum.stored + sum.held + sum.skipped + sum.failed;
  if (told > sum.listed) {
    return fmt::format("{}: {} messages were listed, and {} have an outcome; one has been counted twice",
                       name_, sum.listed, told);
  }
  const std::uint64_t rest = sum.listed - told;
  if (const auto why = problem(); !why.empty()) {
    failed_ += rest;
    failures_.add(failure({}, {}, fmt::format("{} messages were not carried: {}", rest, why)), rest);
    return std::nullopt;
  }
  if (!ended_well()) {
    listed_ -= rest;  // they belong to the next run
    return std::nullopt;
  }
  failed_ += rest;
  auto defect = fmt::format("{}: {} of {} listed messages have no outcome", name_, rest, sum.listed);
  failures_.add(failure({}, {}, defect), rest);
  return defect;
}

mail::Balance FolderRun::balance() const { return {listed_, stored_, held_, skipped_, failed_}; }

}  // namespace postferry::engine
