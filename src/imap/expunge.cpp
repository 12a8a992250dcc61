#include <fmt/format.h>

#include <postferry/imap/session.h>

#include "bulk_fetch.h"
#include "session_state.h"

namespace postferry::imap {

void Session::mark_deleted(std::span<const Uid> uids, bool deleted) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::storing);
  Nobody nobody;
  const auto reply =
      pipe.ask(fmt::format("UID STORE {} {}FLAGS.SILENT (\\Deleted)", uid_set(uids), deleted ? '+' : '-'), nobody);
  // One that was expunged meanwhile has no flags to be changed.
  if (!reply.ok() && reply.code != "EXPUNGEISSUED") throw state_->refusal(reply);
  pipe.doing(Doing::other);
}

void Session::expunge(std::span<const Uid> uids) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::storing);
  Nobody nobody;
  const auto reply = pipe.ask(fmt::format("UID EXPUNGE {}", uid_set(uids)), nobody);
  if (!reply.ok()) throw state_->refusal(reply);
  pipe.doing(Doing::other);
}

}  // namespace postferry::imap
