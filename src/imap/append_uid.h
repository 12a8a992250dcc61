#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <postferry/imap/session.h>

namespace postferry::imap {

// The arguments of an APPENDUID code (RFC 4315), "38505 3955:3957,3960": where each of `messages` lies, in
// the order they were sent. Empty for anything else: another number of them (a set of four billion costs
// nothing), a zero, a word. A number that nobody can believe is worse than none.
std::vector<Appended> parse_append_uid(std::string_view arguments, std::size_t messages);

}  // namespace postferry::imap
