#include "names.h"

#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

namespace postferry::engine {

std::string folder_name(const mail::Folder& folder) {
  if (folder.path.empty()) return printable(folder.wire_name);
  return printable(mail::join_path(folder.path));
}

}  // namespace postferry::engine
