#pragma once

#include <postferry/config/config.h>

namespace postferry::config {

// Words of the files and of URLs, in the order of the enumerators.
extern const std::vector<std::string> protocol_words, security_words, auth_words;

// Fills what `account` leaves open (host, port, security, auth, limits) from `profile`; what it says itself
// wins. `security_given`: the account states its own.
void apply(const Profile& profile, Account& account, bool security_given);

// The protocol's usual port.
std::uint16_t usual_port(Protocol protocol, Security security);

}  // namespace postferry::config
