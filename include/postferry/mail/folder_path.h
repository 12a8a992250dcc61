#pragma once

#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::mail {

// A folder's place as a person types and reads it: words joined by "/", a "/" inside a word as "\/". A backslash stands
// for itself, but where it would be read as an escape (before "/" or another backslash, and at the end of a word) it is
// doubled. Every path has one text, and split_path(join_path(p)) == p for words that are not empty.
std::string join_path(const FolderPath& path);
FolderPath split_path(std::string_view text);  // empty words are dropped

}  // namespace postferry::mail
