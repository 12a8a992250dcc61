#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::archive {

// "2026-11-24T05:07:42+01:00": the instant in the server's zone. Zones of more than a day and years beyond 0 to 9999
// cannot be written so: nothing is appended, false.
bool append_rfc3339(std::string& out, const mail::Received& when);
std::optional<mail::Received> read_rfc3339(std::string_view text);

// In UTC, "...Z" (pack_name.h writes it); the other way round. Nothing if it is no time.
std::optional<std::chrono::sys_seconds> read_utc(std::string_view text);

}  // namespace postferry::archive
