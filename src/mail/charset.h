#pragma once

#include <string>
#include <string_view>

namespace postferry::mail {

// `bytes` as UTF-8. What is wrong becomes U+FFFD; a charset that nobody knows is guessed (guess_utf8).
std::string to_utf8(std::string_view bytes, std::string_view charset);

// Text without a charset: UTF-8 if it is well-formed as that, else Windows-1252.
std::string guess_utf8(std::string_view bytes);

}  // namespace postferry::mail
