#pragma once

#include <string>
#include <string_view>

namespace postferry::pop3 {

// The stamp of a greeting (RFC 1939 section 7, APOP), brackets included; empty where there is none. One that
// is no message id is none: a server in the middle could otherwise choose what is hashed (CVE-2007-1558).
std::string apop_stamp(std::string_view greeting);

// MD5 of stamp and secret in lower-case hex; empty where this machine's policy knows no MD5.
std::string apop_digest(std::string_view stamp, std::string_view secret);

}  // namespace postferry::pop3
