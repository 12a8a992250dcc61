#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postferry::codec {

// Modified UTF-7 of mailbox names, RFC 3501 section 5.1.3.
std::string to_modified_utf7(std::string_view utf8);
// Nothing where the name is not well-formed (bad base64, lone surrogate, 8-bit byte, superfluous shift, NUL):
// such a name is carried as its raw bytes and never re-encoded.
std::optional<std::string> from_modified_utf7(std::string_view name);

}  // namespace postferry::codec
