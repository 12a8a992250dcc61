#pragma once

#include <postferry/mail/message.h>

namespace postferry::mail {

// The flags that a server which keeps its mail in an mbox (UW, Qpopper) writes into the header it sends:
// Status and X-Status among the fields of its bookkeeping, which end the header. A Status anywhere else came
// with the message from some earlier mbox, and tells nothing. \Deleted is not taken. Looks at the first 256
// KiB.
Flags mbox_flags(const Body& body);

}  // namespace postferry::mail
