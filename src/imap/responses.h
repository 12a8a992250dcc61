#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/error.h>
#include <postferry/imap/session.h>

namespace postferry::imap {

enum class Status { ok, no, bad, preauth, bye };

// "OK", "no" ...; nothing if it is another word.
std::optional<Status> status_of(std::string_view word);

// A status response (RFC 3501 section 7.1): what the server says, in words and in a code.
struct Reply {
  Status status = Status::ok;
  std::string code;       // upper case: "ALERT", "UIDVALIDITY"; empty: none
  std::string arguments;  // of the code, as they stand
  std::string text;       // printable
  bool ok() const { return status == Status::ok; }
};
Reply parse_reply(Status status, std::string_view after_status);

// What we were about when the server said it: the same words mean different things.
enum class Doing { greeting, signing_in, opening_folder, creating, reading, appending, storing, other };

// The one place where words of servers are matched. What a NO, BAD or BYE means: how much is broken, whether
// trying again can help, how long to wait. A NO or BAD while reading or appending that concerns the messages of
// this command alone (the caller then halves the batch, or sends it one by one) has blast `message`.
Error meaning(const Reply& reply, Doing doing);

// What a refusal of APPEND finds fault with.
Fault fault_of(const Reply& reply);

// CREATE was refused because the folder is there.
bool says_already_there(const Reply& reply);

// No folder can have that name, whether it is there or not.
bool says_name_is_impossible(const Reply& reply);

// `error` in a sentence that begins with `context`: "CONTEXT: what".
Error with_context(const Error& error, std::string_view context);

}  // namespace postferry::imap
