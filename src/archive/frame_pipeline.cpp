#include "frame_pipeline.h"

#include <cassert>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <postferry/base/error.h>

namespace postferry::archive {
namespace {

// Two a compressor keep it busy; two more are held open by the writer (mail and meta).
unsigned small_frames(unsigned threads) { return 2 * threads + 2; }
unsigned large_frames(unsigned threads) { return threads + 1; }

}  // namespace

FramePipeline::FramePipeline(codec::Codec codec, unsigned threads, Stages stages)
    : stages_(std::move(stages)), threads_(std::stop_token{}) {
  for (unsigned i = 0; i < small_frames(threads); ++i) free_small_.push_back(std::make_unique<Frame>());
  for (unsigned i = 0; i < large_frames(threads); ++i) {
    free_large_.push_back(std::make_unique<Frame>());
    free_large_.back()->large = true;
  }
  for (unsigned i = 0; i < threads; ++i) {
    threads_.start(fmt::format("compress-{}", i), [this, codec](const std::stop_token&) { compress(codec); });
  }
  threads_.start("append", [this](const std::stop_token&) { append(); });
}

FramePipeline::~FramePipeline() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  to_compress_.notify_all();
  to_append_.notify_all();
  freed_.notify_all();
}

std::unique_ptr<Frame> FramePipeline::blank(bool large) {
  std::unique_lock lock(mutex_);
  auto& pool = large ? free_large_ : free_small_;
  freed_.wait(lock, [&] { return failed_ || !pool.empty(); });
  rethrow_locked();
  auto frame = std::move(pool.back());
  pool.pop_back();
  lock.unlock();
  frame->raw.reserve(large ? piece_limit : frame_limit);
  return frame;
}

std::uint64_t FramePipeline::hand_in(std::unique_ptr<Frame> frame) {
  const std::lock_guard lock(mutex_);
  rethrow_locked();
  const auto sequence = frame->sequence = handed_in_++;
  if (frame->is_order()) {
    packed_.emplace(sequence, std::move(frame));
    to_append_.notify_one();
  } else {
    waiting_.push_back(std::move(frame));
    to_compress_.notify_one();
  }
  return sequence;
}

void FramePipeline::wait_until_appended(std::uint64_t sequence) {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return failed_ || appended_ > sequence; });
  rethrow_locked();
}

void FramePipeline::rethrow() {
  const std::lock_guard lock(mutex_);
  rethrow_locked();
}

void FramePipeline::rethrow_locked() {
  if (failed_) std::rethrow_exception(failed_);
}

void FramePipeline::fail(std::exception_ptr why) noexcept {
  const std::lock_guard lock(mutex_);
  if (!failed_) failed_ = std::move(why);
  stopping_ = true;
  to_compress_.notify_all();
  to_append_.notify_all();
  freed_.notify_all();
}

void FramePipeline::guarded(const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (...) {
    fail(std::current_exception());  // whoever calls next hears of it
  }
}

void FramePipeline::compress(codec::Codec codec) {
  guarded([&] {
    codec::Compressor compressor(codec);
    std::unique_lock lock(mutex_);
    while (true) {
      to_compress_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      auto frame = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      compressor.frame(frame->raw, frame->packed);
      lock.lock();
      const auto sequence = frame->sequence;
      packed_.emplace(sequence, std::move(frame));
      if (sequence == appended_) to_append_.notify_one();
    }
  });
}

std::unique_ptr<Frame> FramePipeline::next_to_append(std::unique_lock<std::mutex>& lock) {
  const auto ready = [&] { return stopping_ || (!packed_.empty() && packed_.begin()->first == appended_); };
  while (!to_append_.wait_for(lock, std::chrono::seconds(1), ready)) {
    lock.unlock();
    stages_.idle();
    lock.lock();
  }
  if (stopping_) return nullptr;
  const auto first = packed_.begin();
  auto frame = std::move(first->second);
  packed_.erase(first);
  return frame;
}

void FramePipeline::append() {
  guarded([&] {
    std::unique_lock lock(mutex_);
    while (auto frame = next_to_append(lock)) {
      lock.unlock();
      stages_.append(*frame);
      const bool order = frame->is_order();
      frame->clear();
      lock.lock();
      ++appended_;
      if (!order) (frame->large ? free_large_ : free_small_).push_back(std::move(frame));
      freed_.notify_all();
    }
  });
}

}  // namespace postferry::archive
