#include <array>
#include <deque>

#include <postferry/imap/session.h>

#include "session_state.h"

namespace postferry::imap {

void Session::create(std::string_view wire_name) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::creating);
  Nobody nobody;
  const std::array names{wire_name};
  const auto reply = pipe.wait(pipe.send("CREATE", names, "", nobody), nobody);
  if (!reply.ok() && !says_already_there(reply)) throw state_->refusal(reply);
  pipe.doing(Doing::other);
}

void Session::subscribe(std::string_view wire_name) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::creating);
  Nobody nobody;
  const std::array names{wire_name};
  const auto reply = pipe.wait(pipe.send("SUBSCRIBE", names, "", nobody), nobody);
  if (!reply.ok()) throw state_->refusal(reply);
  pipe.doing(Doing::other);
}

std::vector<bool> Session::impossible(std::span<const std::string> wire_names) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::other);
  Nobody nobody;
  std::vector<bool> out;
  const std::size_t window = state_->window.commands > 1 ? 32 : 1;
  std::deque<Pipe::Tag> asked;
  const auto hear = [&] {
    out.push_back(says_name_is_impossible(pipe.wait(asked.front(), nobody)));
    asked.pop_front();
  };
  for (const auto& name : wire_names) {
    while (asked.size() >= (pipe.has_to_wait(name) ? 1 : window)) hear();
    const std::array names{std::string_view(name)};
    asked.push_back(pipe.send("STATUS", names, " (MESSAGES)", nobody));
  }
  while (!asked.empty()) hear();
  return out;
}

}  // namespace postferry::imap
