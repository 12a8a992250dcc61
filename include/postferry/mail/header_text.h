#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postferry::mail {

// A header field's body as a person reads it: unfolded, RFC 2047 decoded (any charset iconv knows; raw 8-bit
// guessed as UTF-8, then Windows-1252), controls and bidi marks removed, cut at a character to `most` bytes.
// Safe from any thread. Looks at 16 bytes of `raw` for each of `most`, and at 4 KiB at least.
std::string header_text(std::string_view raw, std::size_t most = 160);

}  // namespace postferry::mail
