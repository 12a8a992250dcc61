#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "delivery.h"

namespace postferry::engine {
namespace {

// So many messages in a row that are put off, and it is not the messages.
constexpr unsigned most_put_off = 2;
// Before one that is put off while others get in is tried once more, and given up.
constexpr std::array last_pauses{std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(4)};

}  // namespace

// "Not now" may be meant for one message, which must not keep back the others for ever: it is set aside, and failed if it
// is put off again and again while others get in. Where nothing gets in, it was the server that wanted a pause. Returns
// what is still to be sent.
std::vector<mail::Outgoing> Delivery::one_by_one(std::vector<mail::Outgoing> batch) {
  std::vector<mail::Outgoing> aside, rest;
  std::string words;  // the server's, when it put one off
  bool any_got_in = any_got_in_;
  unsigned in_a_row = 0;
  for (auto& one : batch) {
    if (in_a_row == most_put_off) {
      rest.push_back(std::move(one));
      continue;
    }
    auto missing = attempt(alone(std::move(one)), Waits::no);
    any_got_in |= any_got_in_;
    in_a_row = was_put_off_ ? in_a_row + 1 : 0;
    if (was_put_off_) words = trouble_->what();
    for (auto& still : missing) (was_put_off_ ? aside : rest).push_back(std::move(still));
  }
  for (auto& one : aside) {
    if (any_got_in && in_a_row < most_put_off) {
      try_last(std::move(one), words);
    } else {
      rest.push_back(std::move(one));
    }
  }
  return rest;
}

void Delivery::try_last(mail::Outgoing outgoing, std::string words) {
  for (const auto pause : last_pauses) {
    const auto wait = std::min<std::chrono::milliseconds>(pause, world_.limits.longest_wait);
    world_.events.on(mail::event::Waiting{words, std::chrono::ceil<std::chrono::seconds>(wait)});
    world_.clock.sleep_for(wait, world_.stop);
    if (world_.stop.stop_requested()) throw Cancelled();
    auto missing = attempt(alone(std::move(outgoing)), Waits::no);
    if (missing.empty()) return;
    outgoing = std::move(missing.front());
    if (!was_put_off_) return deliver_alone(std::move(outgoing), session_died() ? 1 : 0);
    words = trouble_->what();
  }
  refused(std::move(outgoing),
          Error(Cause::rejected, Blast::message, Retry::never,
                fmt::format("the server puts it off each time, and takes others meanwhile: {}", words)));
}

}  // namespace postferry::engine
