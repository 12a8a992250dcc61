#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <postferry/imap/session.h>

#include "wire.h"

namespace postferry::imap {

// Reads FETCH answers: the items in any order (quirk 8), before and after a literal, unknown ones skipped. A
// body is handed on as it streams. One thread.
class FetchReader {
 public:
  // At the "(". Everything up to the ")" is read. `to` may be null: bodies are then skipped.
  // Malformed before a body began; after that Error{protocol, session, now}: what has been handed out cannot
  // be taken back otherwise. Valid until the next read().
  const Fetched& read(std::uint32_t sequence, Wire& wire, Bodies* to);

  // The UID of the body that is being read; 0 between bodies, or where the server has not said it yet.
  bool in_body() const { return in_body_; }
  Uid uid() const { return items_.uid; }

 private:
  enum class BodySeen { none, nil, whole };

  void read_items(Wire& wire, Bodies* to);
  void read_item(std::string_view name, Wire& wire, Bodies* to);
  void read_flags(Wire& wire);
  void read_labels(Wire& wire);
  void read_body(Wire& wire, Bodies* to);
  void stream(Wire& wire, std::uint64_t size, Bodies& to);

  Fetched items_;
  BodySeen seen_ = BodySeen::none;
  bool in_body_ = false;
};

// INTERNALDATE (RFC 3501 date-time): " 1-Jul-2020 08:09:10 +0200". Nothing if it is not one, or absurd.
std::optional<mail::Received> parse_date_time(std::string_view text);
// The same instant in the same zone, as APPEND takes it: "\" 1-Jul-2020 08:09:10 +0200\"", quotes included (UTC
// where the zone is none). Between the years 1 and 9999.
std::string format_date_time(const mail::Received& received);

}  // namespace postferry::imap
