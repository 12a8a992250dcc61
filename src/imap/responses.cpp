#include "responses.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "throttle_hint.h"

namespace postferry::imap {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

// What a reply says, ready to be searched.
class Words {
 public:
  explicit Words(const Reply& reply) : reply_(reply), text_(lower(reply.text)) {}

  bool code(std::initializer_list<std::string_view> codes) const {
    return std::find(codes.begin(), codes.end(), reply_.code) != codes.end();
  }
  bool says(std::initializer_list<std::string_view> phrases) const {
    return std::any_of(phrases.begin(), phrases.end(),
                       [&](std::string_view phrase) { return text_.find(phrase) != std::string::npos; });
  }

 private:
  const Reply& reply_;
  const std::string text_;
};

// Quirks 55 to 61, 73, 74. Gmail puts "[THROTTLED]" at the end of the text and calls its download limit
// OVERQUOTA; a mailbox that is read can be full as it likes. One that is written to can be full, and [LIMIT]
// is a limit of what a folder holds (RFC 5530), unless the words speak of a rate.
bool asks_for_patience(const Words& words, Doing doing) {
  const bool writing = doing == Doing::appending || doing == Doing::storing || doing == Doing::creating;
  if (!writing && (words.code({"LIMIT", "OVERQUOTA"}) || words.says({"[overquota]", "[limit]"}))) return true;
  return words.code({"THROTTLED"}) ||
         words.says({"[throttled]", "throttled", "suggested backoff time",
                     "exceeded command or bandwidth limits", "rate limit", "ratelimit", "too many requests",
                     "too many simultaneous connections", "too many connections",
                     "maximum number of connections", "concurrent connections", "connection limit",
                     "too many login attempts"});
}

bool says_come_back(const Words& words) {
  return words.code({"UNAVAILABLE", "INUSE"}) ||
         words.says({"temporary authentication failure", "temporarily unavailable", "try again later",
                     "[unavailable]", "[inuse]"});
}

bool says_folder_is_gone(const Words& words) {
  return words.code({"NONEXISTENT", "TRYCREATE"}) ||
         words.says({"doesn't exist", "does not exist", "unknown mailbox", "no such mailbox", "nonexistent",
                     "not found"});
}

std::string said(const Reply& reply) {
  std::string code;
  if (!reply.code.empty() && reply.code != "CAPABILITY") {
    code = printable("[" + reply.code + (reply.arguments.empty() ? "" : " " + reply.arguments) + "] ");
  }
  if (code.empty() && reply.text.empty()) return "no reason given";
  return "\"" + code + reply.text + "\"";
}

std::string_view verb(const Reply& reply) {
  switch (reply.status) {
    case Status::bye:
      return "the server closes the connection: ";
    case Status::bad:
      return "the server calls the command bad: ";
    default:
      return "the server refuses: ";
  }
}

// Quirk 71 and 72: what a person must do is often in the answer.
std::string advice(const Reply& reply, const Words& words) {
  if (reply.code == "WEBALERT") return "sign in with a browser first: " + printable(reply.arguments);
  if (words.says({"basic authentication is disabled", "basicauthblocked"})) {
    return "this server takes no password over IMAP; use OAuth2 (auth = \"xoauth2\")";
  }
  if (words.says({"application-specific password", "app password", "app-specific"})) {
    return "this server wants a password made for one program (an app password), not that of the account";
  }
  if (words.says({"user is authenticated but not connected"})) {
    return "the password is right, but this mailbox may not be opened: is IMAP enabled for it, does it "
           "exist?";
  }
  if (words.says({"server unavailable. 15"})) return "Exchange says so for a mailbox that is over its quota";
  if (words.says({"unsafe login"}))
    return "this provider opens folders only to programs it knows; see its security settings";
  return {};
}

struct Verdict {
  Cause cause;
  Blast blast;
  Retry retry;
};

Verdict while_signing_in(const Words& words) {
  if (says_come_back(words)) return {Cause::network, Blast::endpoint, Retry::later};
  return {Cause::auth, Blast::endpoint, Retry::never};
}

Verdict while_opening(const Words& words) {
  if (words.says({"unsafe login"})) return {Cause::auth, Blast::endpoint, Retry::never};
  if (says_folder_is_gone(words)) return {Cause::missing, Blast::folder, Retry::never};
  if (words.code({"INUSE", "UNAVAILABLE", "SERVERBUG"}) ||
      words.says({"internal error", "try again later", "server unavailable"})) {
    return {Cause::rejected, Blast::folder, Retry::later};
  }
  return {Cause::rejected, Blast::folder, Retry::never};
}

Verdict while_creating(const Words& words) {
  if (words.code({"OVERQUOTA"})) return {Cause::quota, Blast::folder, Retry::never};
  if (words.code({"INUSE", "UNAVAILABLE", "SERVERBUG"}) || words.says({"try again later"}))
    return {Cause::rejected, Blast::folder, Retry::later};
  if (says_folder_is_gone(words)) return {Cause::missing, Blast::folder, Retry::never};
  return {Cause::rejected, Blast::folder, Retry::never};
}

// Quirk 61: "Server Unavailable. 15" is how Exchange says that a mailbox is full.
bool says_full(const Words& words) {
  return words.code({"OVERQUOTA"}) ||
         words.says({"[overquota]", "quota exceeded", "over quota", "overquota", "exceeds quota",
                     "quota has been exceeded", "mailbox is full", "mailbox full", "storage exceeded",
                     "out of storage", "insufficient quota", "server unavailable. 15"});
}

Verdict while_appending(const Words& words) {
  if (says_full(words)) return {Cause::quota, Blast::message, Retry::never};
  if (words.code({"TRYCREATE", "NONEXISTENT"})) return {Cause::missing, Blast::folder, Retry::never};
  if (words.code({"NOPERM", "READ-ONLY"}) || words.says({"permission denied", "read-only", "readonly"})) {
    return {Cause::rejected, Blast::folder, Retry::never};
  }
  if (words.code({"INUSE"})) return {Cause::rejected, Blast::folder, Retry::later};
  if (words.code({"UNAVAILABLE"}) ||
      words.says({"[unavailable]", "temporarily unavailable", "try again later"}))
    return {Cause::network, Blast::endpoint, Retry::later};
  return {Cause::rejected, Blast::message, Retry::never};
}

Verdict verdict(const Reply& reply, const Words& words, Doing doing) {
  if (asks_for_patience(words, doing)) return {Cause::throttled, Blast::endpoint, Retry::later};
  // Quirk 60: Exchange lets one in and then not.
  if (words.says({"user is authenticated but not connected"}))
    return {Cause::auth, Blast::endpoint, Retry::never};
  if (reply.status == Status::bye) {
    if (doing == Doing::greeting) return {Cause::network, Blast::endpoint, Retry::later};
    if (doing == Doing::signing_in && !says_come_back(words)) {
      if (words.says({"disabled", "authenticat", "login failed", "invalid"}))
        return {Cause::auth, Blast::endpoint, Retry::never};
    }
    return {Cause::network, Blast::session, Retry::now};  // quirk 58: "Session expired, please login again"
  }
  switch (doing) {
    case Doing::greeting:
      return {Cause::network, Blast::endpoint, Retry::later};
    case Doing::signing_in:
      return while_signing_in(words);
    case Doing::opening_folder:
      return while_opening(words);
    case Doing::creating:
      return while_creating(words);
    case Doing::reading:
      return {Cause::rejected, Blast::message, Retry::now};
    case Doing::appending:
      return while_appending(words);
    case Doing::storing:
      return {Cause::rejected, Blast::message, Retry::never};
    case Doing::other:
      break;
  }
  if (says_come_back(words)) return {Cause::network, Blast::endpoint, Retry::later};
  return {Cause::protocol, Blast::endpoint, Retry::never};
}

}  // namespace

std::optional<Status> status_of(std::string_view word) {
  if (equal_ignoring_case(word, "OK")) return Status::ok;
  if (equal_ignoring_case(word, "NO")) return Status::no;
  if (equal_ignoring_case(word, "BAD")) return Status::bad;
  if (equal_ignoring_case(word, "BYE")) return Status::bye;
  if (equal_ignoring_case(word, "PREAUTH")) return Status::preauth;
  return std::nullopt;
}

// Quirk 25: a code without text, or nothing at all, is a reply too (RFC 7162's own examples have it).
Reply parse_reply(Status status, std::string_view after_status) {
  Reply out;
  out.status = status;
  while (after_status.starts_with(' ')) after_status.remove_prefix(1);
  // The last "]" would be too far ("[ALERT] see [1]"), the first too near only inside quoted flags, which
  // nobody needs.
  const auto close = after_status.starts_with('[') ? after_status.find(']') : std::string_view::npos;
  if (close != std::string_view::npos) {
    const auto inside = after_status.substr(1, close - 1);
    const auto blank = inside.find(' ');
    out.code = upper(inside.substr(0, blank));
    if (blank != std::string_view::npos)
      out.arguments = inside.substr(inside.find_first_not_of(' ', blank) == std::string_view::npos
                                        ? inside.size()
                                        : inside.find_first_not_of(' ', blank));
    after_status.remove_prefix(close + 1);
  }
  while (after_status.starts_with(' ')) after_status.remove_prefix(1);
  out.text = printable(after_status, 400);
  return out;
}

Error meaning(const Reply& reply, Doing doing) {
  const Words words(reply);
  const auto [cause, blast, retry] = verdict(reply, words, doing);
  Error out(cause, blast, retry, fmt::format("{}{}", verb(reply), said(reply)));
  out.retry_after = throttle_hint(reply.text);
  out.advice = advice(reply, words);
  return out;
}

// Quirk 69: "Invalid system flag \$NOTJUNK". Quirk 67: Yahoo finds the closing line end missing where the
// message ends without one.
Fault fault_of(const Reply& reply) {
  const Words words(reply);
  if (words.code({"TOOBIG"}) ||
      words.says({"[toobig]", "too big", "too large", "size limit", "maximum size"}))
    return Fault::size;
  if (words.says({"flag", "keyword"})) return Fault::flags;
  if (words.says({"additional arguments found"})) return Fault::line_end;
  return Fault::message;
}

bool says_already_there(const Reply& reply) {
  const Words words(reply);
  return words.code({"ALREADYEXISTS"}) ||
         words.says({"already exist", "mailbox exists", "folder exists", "duplicate folder name"});
}

// Quirk 79: "[CANNOT] Character not allowed in mailbox name: '.'".
bool says_name_is_impossible(const Reply& reply) {
  const Words words(reply);
  return words.code({"CANNOT"}) ||
         words.says({"not allowed in mailbox name", "invalid mailbox name", "bad mailbox name",
                     "illegal mailbox name", "invalid folder name"});
}

Error with_context(const Error& error, std::string_view context) {
  Error out(error.cause, error.blast, error.retry, fmt::format("{}: {}", context, error.what()));
  out.retry_after = error.retry_after;
  out.suspect = error.suspect;
  out.advice = error.advice;
  return out;
}

}  // namespace postferry::imap
