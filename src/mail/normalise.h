#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "header_scanner.h"

#include <postferry/mail/message.h>

namespace postferry::mail {

// The parts of `key` v1. All take a field's body as it came, unfolded. Normative: IDENTITY.md.

// Runs of blanks and controls become one blank; none at either end.
std::string collapsed(std::string_view text);
// Comments (RFC 5322 section 3.2.2; they nest) become a blank; quoted strings stay whole.
std::string without_comments(std::string_view text);

// The first id without its brackets, domain in lower case; nothing where there is none to use.
std::optional<std::string> normal_message_id(std::string_view text);
// "@" and the seconds since 1970 where the date is understood, else "=" and the collapsed text.
std::string normal_date(std::string_view text);
// The first address in lower case.
std::string normal_from(std::string_view text);

std::optional<MatchKey> match_key(const Fields& fields);

}  // namespace postferry::mail
