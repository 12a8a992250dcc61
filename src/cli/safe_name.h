#pragma once

#include <cstddef>
#include <set>
#include <string>

namespace postferry::cli {

// A folder's or file's word made harmless on any disk: no separators, controls, bidi marks or characters that
// Windows refuses, no leading dot, no reserved name, at most `most` bytes of whole UTF-8 characters. Never
// empty.
std::string safe_word(const std::string& word, std::size_t most = 64);

// Hands out names that are unequal also where case does not count; a second taker gets "name~2", "name~3"...
class UniqueNames {
 public:
  std::string take(const std::string& wish);

 private:
  std::set<std::string> taken_;  // lower case
};

}  // namespace postferry::cli
