#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace postferry::cli {

// How long so much mail is on its way, as far as that can be known before the first message: by the line, and
// by what the providers are known to allow a day (profiles/). What lies at the destination already is not
// known then, and counts too.
struct TransferTime {
  std::uint64_t messages = 0, bytes = 0;
  std::optional<std::uint64_t> daily_down{};  // bytes a day that the source gives out
  std::optional<std::uint64_t> daily_up{};    // bytes a day that the destination takes

  // Nobody has told sizes: those of usual mail.
  bool is_guessed() const { return bytes == 0 && messages > 0; }
  double seconds(unsigned megabits_a_second) const;
  // By the narrower limit, where one day is not enough.
  std::optional<std::uint64_t> days() const;
  // "about 5 min 20 s at 100 Mbit/s, ..."; empty where there is nothing to move.
  std::string in_words() const;
};

}  // namespace postferry::cli
