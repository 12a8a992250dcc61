#pragma once

#include <optional>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::imap {

// RFC 6154: \Sent, \Junk ... and what Gmail and XLIST say; nothing for an attribute that names no use.
std::optional<mail::Role> role_of_attribute(std::string_view attribute);

// By the name that programs and providers usually give such a folder, in the languages they come in. A guess,
// for servers that say nothing better. `word` is UTF-8, the folder's last (and only) word.
mail::Role role_of_name(std::string_view word);

// "sent", "junk" ..., as configurations and profiles write it.
std::optional<mail::Role> role_of_word(std::string_view word);

}  // namespace postferry::imap
