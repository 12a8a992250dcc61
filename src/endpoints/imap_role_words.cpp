#include "imap_role_words.h"

#include <postferry/imap/roles.h>
#include <postferry/mail/folder_path.h>

namespace postferry::endpoints {

void override_role(mail::Folder& folder, const std::map<std::string, std::string>& roles) {
  auto it = roles.find(folder.wire_name);
  if (it == roles.end()) it = roles.find(mail::join_path(folder.path));
  if (it == roles.end()) return;
  if (const auto role = imap::role_of_word(it->second)) folder.role = *role;
}

}  // namespace postferry::endpoints
