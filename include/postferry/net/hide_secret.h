#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postferry::net {

// A server's words with "<secret>" wherever `secret` stands in them, as it is or escaped for people: there are
// servers that repeat what they were sent, and what they say reaches terminals and logs.
std::string hide_secret(std::string text, std::string_view secret);
std::string hide_secrets(std::string text, std::span<const std::string> secrets);

}  // namespace postferry::net
