#include <array>
#include <deque>

#include <postferry/imap/session.h>

#include "session_state.h"

namespace postferry::imap {
namespace {

// Asks "VERB name AFTER" of each, several in flight; `heard` in their order.
template <class Heard>
void ask_of_each(Pipe& pipe, unsigned window, std::string_view verb, std::span<const std::string> names,
                 std::string_view after, Heard heard) {
  Nobody nobody;
  std::deque<Pipe::Tag> asked;
  const auto hear = [&] {
    heard(pipe.wait(asked.front(), nobody));
    asked.pop_front();
  };
  for (const auto& name : names) {
    while (asked.size() >= (pipe.has_to_wait(name) ? 1 : window)) hear();
    const std::array strings{std::string_view(name)};
    asked.push_back(pipe.send(verb, strings, after, nobody));
  }
  while (!asked.empty()) hear();
}

// Answers are a line each.
constexpr unsigned most_in_flight = 32;

}  // namespace

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
  state_->pipe.doing(Doing::other);
  std::vector<bool> out;
  ask_of_each(state_->pipe, state_->window.commands > 1 ? most_in_flight : 1, "STATUS", wire_names, " (MESSAGES)",
              [&](const Reply& reply) { out.push_back(says_name_is_impossible(reply)); });
  return out;
}

std::vector<bool> Session::create(std::span<const std::string> wire_names) {
  state_->pipe.doing(Doing::creating);
  std::vector<bool> out;
  ask_of_each(state_->pipe, state_->window.commands > 1 ? most_in_flight : 1, "CREATE", wire_names, "",
              [&](const Reply& reply) { out.push_back(reply.ok() || says_already_there(reply)); });
  state_->pipe.doing(Doing::other);
  return out;
}

std::vector<bool> Session::subscribe(std::span<const std::string> wire_names) {
  state_->pipe.doing(Doing::creating);
  std::vector<bool> out;
  ask_of_each(state_->pipe, state_->window.commands > 1 ? most_in_flight : 1, "SUBSCRIBE", wire_names, "",
              [&](const Reply& reply) { out.push_back(reply.ok()); });
  state_->pipe.doing(Doing::other);
  return out;
}

}  // namespace postferry::imap
