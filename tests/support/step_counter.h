#pragma once

#include <atomic>
#include <cstdint>

namespace postferry::test {

// What is thrown where the program is killed. No Error and no std::exception, so that nothing catches it
// which does not mean to let it pass.
struct Killed {};

// Counts side effects, over all fakes that share it, and pulls the plug at one of them. Any thread.
class StepCounter {
 public:
  // The world stops just before side effect number `step` (1 is the first); 0: never.
  void die_at(std::uint64_t step) { die_at_ = step; }

  // Before every side effect. After death all further ones throw too: nothing reaches the world any more.
  void step() {
    const auto number = ++taken_;
    if (die_at_ != 0 && number >= die_at_) throw Killed{};
  }
  // For side effects that destructors have: false after death, and nothing may happen.
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
