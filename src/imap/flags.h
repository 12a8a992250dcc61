#pragma once

#include <string>

#include <postferry/mail/message.h>

namespace postferry::imap {

// "(\Seen \Flagged $Forwarded)", also "()": as APPEND and STORE take it. Never \Recent, and no keyword that
// is no atom: it could not be a flag anywhere.
std::string flag_list(const mail::Flags& flags);

}  // namespace postferry::imap
