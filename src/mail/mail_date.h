#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace postferry::mail {

// The instant of a Date field's body (unfolded): `[day-name ,] day month year hh:mm[:ss] zone` of RFC 5322
// section 3.3 with the years and zone names of its section 4.3, comments passed over. Anything else: nothing.
std::optional<std::chrono::sys_seconds> mail_date(std::string_view text);

}  // namespace postferry::mail
