#include "throttle_hint.h"

#include <charconv>

namespace postferry::imap {

std::optional<std::chrono::seconds> throttle_hint(std::string_view server_text) {
  // Exchange Online, seen 2019 to 2021: "Request is throttled. Suggested Backoff Time: 299609
  // milliseconds". Ignoring it makes the server drop the connection and ask for longer.
  constexpr std::string_view marker = "Suggested Backoff Time: ";
  const auto at = server_text.find(marker);
  if (at == std::string_view::npos) return std::nullopt;

  const auto digits = server_text.substr(at + marker.size());
  long long milliseconds = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
  if (bad != std::errc{} || milliseconds < 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(milliseconds));
}

}  // namespace postferry::imap
