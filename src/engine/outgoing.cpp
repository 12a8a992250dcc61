#include "outgoing.h"

#include <postferry/mail/message_dates.h>

namespace postferry::engine {
namespace {

bool can_be(std::chrono::sys_seconds at, std::chrono::sys_seconds now) {
  using namespace std::chrono;
  constexpr sys_seconds earliest = sys_days(year(1980) / January / 1);
  return at >= earliest && at <= now + days(2);  // clocks and zones are often wrong, by a day at the most
}

}  // namespace

ArrivalDate arrival_date(const std::optional<mail::Received>& internal, const mail::Body& body,
                         std::chrono::sys_seconds now) {
  if (internal && can_be(internal->at, now)) return {*internal, DateOrigin::internal};
  const auto told = mail::message_dates(body);
  for (const auto at : told.received) {
    if (can_be(at, now)) return {{at, {}}, DateOrigin::received};
  }
  if (told.date && can_be(*told.date, now)) return {{*told.date, {}}, DateOrigin::date};
  return {{now, {}}, DateOrigin::now};
}

}  // namespace postferry::engine
