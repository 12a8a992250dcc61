#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <postferry/mail/message.h>

namespace postferry::cli {

// "2024-03-01" (the whole local day) or "2024-03-01T18:30[:05][Z|+01:00]" (a blank instead of the T is fine;
// without a zone the local one). `end` is where the next day, minute or second begins.
struct Instant {
  std::chrono::sys_seconds begin, end;
};
std::optional<Instant> read_date(const std::string& text);
Instant need_date(const std::string& option, const std::string& text);  // Error{config} that names the option

// "500", "500K", "25M", "25MB" (10^6), "25MiB"; K, M, G, T alone are powers of 1024.
std::optional<std::uint64_t> read_size(const std::string& text);

std::string local_time(std::chrono::sys_seconds when);  // "2024-03-01 18:30"
std::string shown_date(
    const std::optional<mail::Received>& received);  // in the server's own zone; "-" if there is none
std::string rfc3339(std::chrono::sys_seconds when, std::chrono::minutes zone = {});
std::string duration(double seconds);  // "3.2 s", "4 min 10 s", "2 h 5 min"
std::string counted(std::uint64_t number, const char* one,
                    const char* many);      // "1 message", "1,234 messages"
std::string grouped(std::uint64_t number);  // "1,234"

}  // namespace postferry::cli
