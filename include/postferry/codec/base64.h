#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>

namespace postferry::codec {

// RFC 4648 section 4, with padding, no line breaks.
std::string base64(Bytes bytes);
// Strict: nothing on a foreign character or wrong padding.
std::optional<std::string> unbase64(std::string_view text);

}  // namespace postferry::codec
