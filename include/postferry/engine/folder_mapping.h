#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <postferry/mail/folder_path.h>
#include <postferry/mail/message.h>

namespace postferry::engine {

// How folders of a source are named at a destination (--map, --under), and what the destination can hold.
struct MappingRules {
  std::map<std::string, std::string> map;  // "Old/Name" → "New/Name" in '/' words ("\/" a literal one); children follow
  std::string under;                       // everything goes below this folder
};

struct NamingLimits {
  char delimiter = '/';                    // no word may hold it
  std::set<char> forbidden;                // further characters the server refuses
  std::size_t longest_word = 255;          // bytes
  bool ignores_case = false;               // "Work" and "work" are one folder there
};

struct MappedFolder {
  mail::Folder from;
  mail::FolderPath to;
  bool existing_twin = false;  // met by role: `to` is the destination's own name for it
  std::string replaced;        // why the name differs from the wished one; empty: it does not
};

// One line a selectable or parent folder, in the order given. Pure.
// - INBOX is INBOX. An explicit map entry wins over roles; a folder with a role meets the destination's folder with that role.
// - Words that the destination can't hold are written with =XX for each byte that is in the way (and for '=' itself where it
//   would read like one), so that the name can be read back; too long ones end in "~" and 8 hex digits.
// - A folder that is not there under its name, but under its plain spelling (mail/folder_path.h), is that one.
// - Two folders of the source never meet in one by accident: the second gets " (2)". An explicit map may join them.
std::vector<MappedFolder> map_folders(const std::vector<mail::Folder>& source, const std::vector<mail::Folder>& destination,
                                      const MappingRules& rules, const NamingLimits& limits);

// The word as it was before map_folders() replaced characters in it (not for shortened ones).
std::string original_word(const std::string& word);

using mail::join_path;  // "a/b\/c" and {"a", "b/c"}
using mail::split_path;

}  // namespace postferry::engine
