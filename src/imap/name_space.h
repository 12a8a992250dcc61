#pragma once

#include <postferry/imap/session.h>

#include "wire.h"

namespace postferry::imap {

// The first personal namespace of an untagged NAMESPACE (RFC 2342): (("INBOX." ".")) NIL NIL. At the first
// "("; the rest of the response is read.
Namespace read_personal_namespace(Wire& wire);

}  // namespace postferry::imap
