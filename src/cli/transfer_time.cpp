#include "transfer_time.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "when.h"

namespace postferry::cli {
namespace {

// The mean of mailboxes of today, attachments included.
constexpr std::uint64_t usual_message = 75'000;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t bytes_of(const TransferTime& time) {
  return time.is_guessed() ? time.messages * usual_message : time.bytes;
}

std::uint64_t a_day(const TransferTime& time) {
  return std::min(time.daily_down.value_or(unlimited), time.daily_up.value_or(unlimited));
}

}  // namespace

double TransferTime::seconds(unsigned megabits_a_second) const {
  return static_cast<double>(bytes_of(*this)) * 8 / (megabits_a_second * 1e6);
}

std::optional<std::uint64_t> TransferTime::days() const {
  const auto most = a_day(*this), all = bytes_of(*this);
  if (most == 0 || all <= most) return std::nullopt;
  return all / most + (all % most != 0 ? 1 : 0);
}

std::string TransferTime::in_words() const {
  if (bytes_of(*this) == 0) return {};
  auto out =
      fmt::format("about {} at 100 Mbit/s, {} at 10 Mbit/s", duration(seconds(100)), duration(seconds(10)));
  if (is_guessed()) out += " (if its messages have the usual 75 KB: the server tells no sizes)";
  const auto least = days();
  if (!least) return out;
  const bool by_source = daily_down.value_or(unlimited) <= daily_up.value_or(unlimited);
  return out + fmt::format("; but the {} at most {} a day: at least {} days, one run a day",
                           by_source ? "source gives out" : "destination takes", human_bytes(a_day(*this)),
                           grouped(*least));
}

}  // namespace postferry::cli
