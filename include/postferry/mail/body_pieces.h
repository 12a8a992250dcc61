#pragma once

#include <functional>

#include <postferry/base/bytes.h>
#include <postferry/mail/message.h>

namespace postferry::mail {

// Gives a body to `take`, in pieces of 32 KiB at most from its beginning, until its end or until `take` says false. One that
// lies in memory is not copied. Error{damaged | missing | storage ...} where it cannot be read.
void each_piece(const Body& body, const std::function<bool(Bytes)>& take);

}  // namespace postferry::mail
