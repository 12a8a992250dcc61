#include "held_frames.h"

#include <postferry/base/error.h>

namespace postferry::archive {
namespace {

constexpr std::size_t memory_most = 1U << 20U;

}  // namespace

void HeldFrames::add(Bytes frame) {
  memory_.insert(memory_.end(), frame.begin(), frame.end());
  size_ += frame.size();
  if (memory_.size() <= memory_most) return;
  if (!scratch_) scratch_.emplace(folder_);
  scratch_->append(memory_);
  memory_.clear();
}

void HeldFrames::drain(const std::function<void(Bytes)>& into) {
  if (scratch_) {
    std::vector<std::byte> piece(256U << 10U);
    for (std::uint64_t at = 0; at < scratch_->size();) {
      const auto got = scratch_->read_at(at, piece);
      if (got == 0) {
        throw Error(Cause::storage, Blast::run, Retry::never,
                    folder_.string() + ": the scratch file of the open pack has lost its end");
      }
      into(Bytes(piece).first(got));
      at += got;
    }
  }
  if (!memory_.empty()) into(memory_);
  *this = HeldFrames(std::move(folder_));
}

}  // namespace postferry::archive
