#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include <postferry/mail/message.h>

#include "byte_filter.h"

namespace postferry::engine {

// Headers with bytes above 127, which no RFC before 6532 allows and much old mail has.
bool has_8bit_header(const mail::Body& body);

// Writes X for each of them, as Cyrus does (quirk 85).
class HeaderMunger final : public ByteFilter {
 public:
  void take(std::string_view piece, std::string& out) override;
  void end(std::string&) override {}
  bool in_header() const { return in_header_; }

 private:
  bool in_header_ = true, blank_ = true;
};

// What a destination does to them, as far as the run knows. Any thread.
struct HeaderHabit {
  enum class Is { unknown, keeps, changes };
  std::atomic<Is> is{Is::unknown};
  std::mutex probe;  // of the lane that sends one to find out
};

// Those of the message as it passes a filter.
mail::Digests digests_through(ByteFilter& filter, const mail::Body& body);

// Those of the message as such a server stores it; nothing: it would not change it.
std::optional<mail::Digests> munged_digests(const mail::Body& body);

}  // namespace postferry::engine
