#pragma once

#include <memory>

#include <postferry/mail/message.h>

namespace postferry::engine {

// The message with CR LF line ends, as IMAP wants it (RFC 3501, 2.3.1; the LF rule of `canonical`, so that it
// is the same message by CanonicalId). The body itself where it is so already. Its end stays as it is.
std::unique_ptr<mail::Body> with_crlf(std::unique_ptr<mail::Body> body);

bool has_nul(const mail::Body& body);

}  // namespace postferry::engine
