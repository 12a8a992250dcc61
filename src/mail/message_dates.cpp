#include <postferry/mail/message_dates.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <postferry/base/text.h>

#include "body_beginning.h"
#include "mail_date.h"

namespace postferry::mail {
namespace {

constexpr std::size_t most_received = 50;

void take_field(const std::string& field, MessageDates& dates) {
  const auto colon = field.find(':');
  if (colon == std::string::npos) return;
  const auto name = std::string_view(field).substr(0, colon);
  auto body = std::string_view(field).substr(colon + 1);
  if (equal_ignoring_case(name, "Date") && !dates.date) {
    dates.date = mail_date(body);
  } else if (equal_ignoring_case(name, "Received") && dates.received.size() < most_received) {
    // RFC 5322, 3.6.7: the date follows the last semicolon.
    if (const auto semicolon = body.rfind(';'); semicolon != std::string_view::npos) {
      if (const auto at = mail_date(body.substr(semicolon + 1))) dates.received.push_back(*at);
    }
  }
}

}  // namespace

MessageDates message_dates(const Body& body) {
  const BodyBeginning beginning(body);
  const auto text = beginning.text();
  MessageDates dates;
  std::string field;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const bool continued = line.front() == ' ' || line.front() == '\t';
    if (!continued) {
      take_field(field, dates);
      field.clear();
    }
    field += line;
  }
  take_field(field, dates);
  return dates;
}

}  // namespace postferry::mail
