#pragma once

#include <chrono>
#include <optional>

#include <postferry/mail/destination.h>

namespace postferry::engine {

// Where the date comes from that a message gets at the destination.
enum class DateOrigin { internal, received, date, now };

struct ArrivalDate {
  mail::Received at;
  DateOrigin origin = DateOrigin::internal;
};

// INTERNALDATE as the source tells it; where it tells none, or one that cannot be (before 1980, in the
// future): the topmost Received field that can be believed, else Date, else now.
ArrivalDate arrival_date(const std::optional<mail::Received>& internal, const mail::Body& body,
                         std::chrono::sys_seconds now);

}  // namespace postferry::engine
