#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <postferry/base/task_group.h>
#include <postferry/codec/compress.h>

#include "pack_frame.h"

namespace postferry::archive {

// Frames through a few compressing threads to one appending thread, which sees them in the order in which
// they were handed in. Bounded: there is a fixed number of frames, and who wants an empty one waits. The
// first exception of a thread stops them all and is rethrown by every later call.
class FramePipeline {
 public:
  struct Stages {
    std::function<void(Frame&)> append;  // on the appending thread
    std::function<void()> idle;          // there too, about once a second while nothing arrives
  };

  FramePipeline(codec::Codec codec, unsigned threads, Stages stages);
  ~FramePipeline();  // stops; what was not appended is dropped

  // An empty frame; waits for one. `large`: of piece_limit instead of frame_limit.
  std::unique_ptr<Frame> blank(bool large);
  // Never waits. The number to wait for.
  std::uint64_t hand_in(std::unique_ptr<Frame> frame);
  void wait_until_appended(std::uint64_t sequence);
  void rethrow();  // if a thread has failed
  void fail(std::exception_ptr why) noexcept;

 private:
  using Frames = std::vector<std::unique_ptr<Frame>>;

  void compress(codec::Codec codec);
  void append();
  void guarded(const std::function<void()>& work) noexcept;
  std::unique_ptr<Frame> next_to_append(std::unique_lock<std::mutex>& lock);
  void rethrow_locked();

  const Stages stages_;
  std::mutex mutex_;  // guards all below
  std::condition_variable to_compress_, to_append_, freed_;
  std::deque<std::unique_ptr<Frame>> waiting_;
  std::map<std::uint64_t, std::unique_ptr<Frame>> packed_;
  Frames free_small_, free_large_;
  std::uint64_t handed_in_ = 0, appended_ = 0;  // how many
  bool stopping_ = false;
  std::exception_ptr failed_;
  TaskGroup threads_;  // last: they end before what they use
};

}  // namespace postferry::archive
