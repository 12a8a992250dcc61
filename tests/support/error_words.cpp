#include "support/error_words.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace postferry::test {

std::string cause_word(const Error& error) {
  static constexpr std::array causes{"network", "tls",      "auth",    "throttled", "quota",  "protocol",
                                     "missing", "rejected", "damaged", "storage",   "config", "locked"};
  return causes.at(static_cast<std::size_t>(error.cause));
}

std::string kind_words(const Error& error) {
  static constexpr std::array blasts{"message", "folder", "session", "endpoint", "run"};
  static constexpr std::array retries{"now", "later", "never"};
  return fmt::format("{} {} {}{}", cause_word(error), blasts.at(static_cast<std::size_t>(error.blast)),
                     retries.at(static_cast<std::size_t>(error.retry)),
                     error.retry_after ? fmt::format(" {}", error.retry_after->count()) : "");
}

}  // namespace postferry::test
