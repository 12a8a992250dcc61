#pragma once

#include <map>
#include <string>

#include <postferry/mail/message.h>

namespace postferry::endpoints {

// What the configuration or the profile says of a folder's use (by its wire name or its path) goes before
// what the server or its name says.
void override_role(mail::Folder& folder, const std::map<std::string, std::string>& roles);

}  // namespace postferry::endpoints
