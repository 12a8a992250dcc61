#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <postferry/mail/event.h>

namespace postferry::test {

class NullEvents final : public mail::EventSink {
 public:
  void on(const mail::Event&) override {}
};

// Keeps everything that was told, in order.
class RecordingEvents final : public mail::EventSink {
 public:
  void on(const mail::Event& event) override {
    const std::lock_guard lock(mutex_);
    all_.push_back(event);
  }

  template <class Kind>
  std::vector<Kind> of() const {
    const std::lock_guard lock(mutex_);
    std::vector<Kind> found;
    for (const auto& event : all_) {
      if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<mail::Event> all_;  // guarded by mutex_
};

}  // namespace postferry::test
