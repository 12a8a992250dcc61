#include "names.h"

#include <postferry/base/text.h>

namespace postferry::engine {

std::string folder_name(const mail::Folder& folder) {
  if (folder.path.empty()) return printable(folder.wire_name);
  std::string name;
  for (const auto& word : folder.path) {
    if (!name.empty()) name += '/';
    for (const char c : word) {
      if (c == '/') name += '\\';
      name += c;
    }
  }
  return printable(name);
}

}  // namespace postferry::engine
