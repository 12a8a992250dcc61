#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include <postferry/mail/message.h>

namespace postferry::mail {

// The dates that the header of a message tells, where no server says when it arrived.
struct MessageDates {
  std::vector<std::chrono::sys_seconds>
      received;  // of the Received fields that can be understood, topmost first
  std::optional<std::chrono::sys_seconds> date;  // of the Date field
};

// Looks at the first 256 KiB of the header.
MessageDates message_dates(const Body& body);

}  // namespace postferry::mail
