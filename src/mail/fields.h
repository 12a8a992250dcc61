#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace postferry::mail {

// The header fields that the key and the headline are made of.
enum class Wanted : unsigned char { message_id, date, from, subject };
inline constexpr std::size_t wanted_fields = 4;
std::optional<Wanted> wanted_field(std::string_view name);

// A field that the way of a message or its store puts in, not its author (`merge` v1, IDENTITY.md).
bool is_trace_field(std::string_view name);

// "From someone@example.org Mon Jan  1 ...": what an mbox puts before a message. Also with the ">" of a
// quoted one.
bool is_mbox_line(std::string_view line);

// The name of a header line, or empty where it is no field (no colon, nothing before it, a byte that no
// name may have; RFC 5322 section 2.2, blanks before the colon allowed as in its section 4.5).
std::string_view field_name(std::string_view line);

}  // namespace postferry::mail
