#include "flags.h"

#include <fmt/format.h>

#include <postferry/imap/session.h>

#include "session_state.h"

namespace postferry::imap {

bool is_keyword(std::string_view text) {
  constexpr std::string_view not_in_an_atom = "(){ %*\"\\]";
  if (text.empty()) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || not_in_an_atom.find(c) != std::string_view::npos) return false;
  }
  return true;
}

std::string flag_list(const mail::Flags& flags) {
  std::string out;
  const auto add = [&out](std::string_view flag) {
    if (!out.empty()) out += ' ';
    out += flag;
  };
  if (flags.answered) add("\\Answered");
  if (flags.flagged) add("\\Flagged");
  if (flags.deleted) add("\\Deleted");
  if (flags.seen) add("\\Seen");
  if (flags.draft) add("\\Draft");
  for (const auto& keyword : flags.keywords) {
    if (is_keyword(keyword)) add(keyword);
  }
  return "(" + out + ")";
}

void Session::store_flags(Uid uid, const mail::Flags& add, const mail::Flags& remove) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::storing);
  const auto store = [&](char sign, const mail::Flags& flags) {
    const auto list = flag_list(flags);
    if (list == "()") return;
    Nobody nobody;
    const auto reply = pipe.ask(fmt::format("UID STORE {} {}FLAGS.SILENT {}", uid, sign, list), nobody);
    // One that was expunged meanwhile has no flags to be changed.
    if (!reply.ok() && reply.code != "EXPUNGEISSUED") throw state_->refusal(reply);
  };
  store('+', add);
  store('-', remove);
  pipe.doing(Doing::other);
}

}  // namespace postferry::imap
