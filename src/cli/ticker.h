#pragma once

#include <functional>

namespace postferry::cli {

// What the waiting main thread does from time to time: redraw the progress of the command that runs. One at a
// time; whoever is registered is called until the Ticker is gone, never after.
class Ticker {
 public:
  explicit Ticker(std::function<void()> what);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  static void tick();
};

}  // namespace postferry::cli
