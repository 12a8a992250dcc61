#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace postferry::imap {

// How long the server asks us to stay away, if its NO, BAD or BYE text says so.
std::optional<std::chrono::seconds> throttle_hint(std::string_view server_text);

}  // namespace postferry::imap
