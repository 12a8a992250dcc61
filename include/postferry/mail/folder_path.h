#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::mail {

// A folder's place as a person types and reads it: words joined by "/", a "/" inside a word as "\/". A backslash stands
// for itself, but where it would be read as an escape (before "/" or another backslash, and at the end of a word) it is
// doubled. Every path has one text, and split_path(join_path(p)) == p for words that are not empty.
std::string join_path(const FolderPath& path);
FolderPath split_path(std::string_view text);  // empty words are dropped

// The word as any server takes it: letters, digits, blanks inside, '-', '_' and what is not ASCII stay; of every
// other character the byte is written =XX. The same again for a word that is spelt so already.
std::string plain_word(const std::string& word);
// Where a folder lies that had to be spelt so, in part or in whole, when it was made: `there` knows every path of the
// account and every parent of one. The path itself, if nothing speaks for another.
FolderPath path_there(const FolderPath& path, const std::function<bool(const FolderPath&)>& there);

}  // namespace postferry::mail
