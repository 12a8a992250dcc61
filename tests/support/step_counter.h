#pragma once

#include <atomic>
#include <cstdint>

#include <postferry/base/error.h>

namespace postferry::test {

// What side effects throw from the moment on at which the program is killed. The dead program runs on for a while, as
// nobody can stop its threads and destructors; but nothing it does reaches the world any more, so for the world it died
// at that very step. It is an Error because destructors must be able to shrug it off as they do any other.
struct Killed final : Error {
  Killed() : Error(Cause::storage, Blast::run, Retry::never, "killed") {}
};

// Counts side effects, over all fakes that share it, and pulls the plug at one of them. Any thread.
class StepCounter {
 public:
  // The world stops just before side effect number `step` (1 is the first); 0: never.
  void die_at(std::uint64_t step) { die_at_ = step; }

  // Before every side effect. After death all further ones throw too: nothing reaches the world any more.
  void step() {
    const auto number = ++taken_;
    if (die_at_ != 0 && number >= die_at_) throw Killed();
  }
  // For side effects that must not throw: false after death, and nothing may happen.
  bool quiet_step() noexcept {
    const auto number = ++taken_;
    return die_at_ == 0 || number < die_at_;
  }

  std::uint64_t taken() const { return taken_; }
  bool dead() const { return die_at_ != 0 && taken_ >= die_at_; }

 private:
  std::uint64_t die_at_ = 0;
  std::atomic<std::uint64_t> taken_{0};
};

}  // namespace postferry::test
