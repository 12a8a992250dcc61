#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postferry {

using Bytes = std::span<const std::byte>;

// Views of the same memory under the other name; valid as long as the argument's memory is.
inline Bytes as_bytes(std::string_view text) noexcept { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(Bytes bytes) noexcept {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

// Lower-case hexadecimal.
std::string to_hex(Bytes bytes);
// Either case; nothing for an odd length or a character that is no digit.
std::optional<std::vector<std::byte>> from_hex(std::string_view hex);

}  // namespace postferry
