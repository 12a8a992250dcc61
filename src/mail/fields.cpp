#include "fields.h"

#include <algorithm>
#include <array>

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

// The list is part of `merge` v1: changing it is a new version (IDENTITY.md).
constexpr std::array<std::string_view, 31> trace_fields = {"authentication-results",
                                                           "content-length",
                                                           "delivered-to",
                                                           "envelope-to",
                                                           "lines",
                                                           "received",
                                                           "received-spf",
                                                           "return-path",
                                                           "status",
                                                           "x-authentication-results",
                                                           "x-delivered-to",
                                                           "x-envelope-from",
                                                           "x-envelope-to",
                                                           "x-gm-thrid",
                                                           "x-gmail-labels",
                                                           "x-imap",
                                                           "x-imapbase",
                                                           "x-keywords",
                                                           "x-message-flag",
                                                           "x-mozilla-keys",
                                                           "x-mozilla-status",
                                                           "x-mozilla-status2",
                                                           "x-original-authentication-results",
                                                           "x-original-to",
                                                           "x-originalarrivaltime",
                                                           "x-received",
                                                           "x-status",
                                                           "x-uid",
                                                           "x-uidl",
                                                           "x-apparently-to",
                                                           "x-rcpt-to"};

constexpr std::array<std::string_view, wanted_fields> wanted_names = {"message-id", "date", "from",
                                                                      "subject"};

// The length first: nearly every name differs there, and every field of every message comes by.
bool is_name(std::string_view name, std::string_view known) {
  return name.size() == known.size() && equal_ignoring_case(name, known);
}

bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return is_name(text.substr(0, beginning.size()), beginning);
}

bool may_be_in_name(char c) { return c > ' ' && c < 0x7F; }

}  // namespace

std::optional<Wanted> wanted_field(std::string_view name) {
  for (std::size_t i = 0; i < wanted_names.size(); ++i) {
    if (is_name(name, wanted_names[i])) return static_cast<Wanted>(i);
  }
  return std::nullopt;
}

bool is_trace_field(std::string_view name) {
  const auto same = [name](std::string_view trace) { return is_name(name, trace); };
  return begins_ignoring_case(name, "arc-") || std::any_of(trace_fields.begin(), trace_fields.end(), same);
}

bool is_mbox_line(std::string_view line) {
  if (line.substr(0, 1) == ">") line.remove_prefix(1);
  if (line.substr(0, 5) != "From ") return false;
  const auto next = line.find_first_not_of(" \t", 5);
  return next != std::string_view::npos && line[next] != ':';  // "From : x" is a field of RFC 822
}

std::string_view field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const auto last = line.substr(0, colon).find_last_not_of(" \t");
  if (last == std::string_view::npos) return {};
  const auto name = line.substr(0, last + 1);
  return std::all_of(name.begin(), name.end(), may_be_in_name) ? name : std::string_view();
}

}  // namespace postferry::mail
