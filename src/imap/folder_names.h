#pragma once

#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::imap {

// A mailbox name as words for people: split at the delimiter (0: flat), without the namespace's `prefix`,
// modified UTF-7 decoded. A name that is none decodes to its printable bytes: the wire name stays the
// identity. INBOX is "INBOX" however it is written. Never empty, no empty words.
mail::FolderPath path_of(std::string_view wire_name, char delimiter, std::string_view prefix);

// INBOX in any case is the one INBOX (RFC 3501 section 5.1).
bool is_inbox(std::string_view wire_name);

}  // namespace postferry::imap
