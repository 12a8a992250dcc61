#pragma once

#include <string>

#include <postferry/mail/message.h>

namespace postferry::engine {

// A folder's path as a person writes it: words joined by "/", a "/" within a word as "\/"; safe for a
// terminal.
std::string folder_name(const mail::Folder& folder);

}  // namespace postferry::engine
