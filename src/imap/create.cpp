#include <array>
#include <deque>

#include <postferry/imap/session.h>

#include "session_state.h"

namespace postferry::imap {
namespace {

// Answers are a line each.
constexpr unsigned most_in_flight = 32;

// Asks "VERB name AFTER" of each, several in flight; `heard` in their order.
template <class State, class Heard>
void ask_of_each(State& state, Doing doing, std::string_view verb, std::span<const std::string> names,
                 std::string_view after, Heard heard) {
  auto& pipe = state.pipe;
  pipe.doing(doing);
  Nobody nobody;
  const unsigned window = state.window.commands > 1 ? most_in_flight : 1;
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
  pipe.doing(Doing::other);
}

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
  std::vector<bool> out;
  ask_of_each(*state_, Doing::other, "STATUS", wire_names, " (MESSAGES)",
              [&](const Reply& reply) { out.push_back(says_name_is_impossible(reply)); });
  return out;
}

std::vector<bool> Session::create(std::span<const std::string> wire_names) {
  std::vector<bool> out;
  ask_of_each(*state_, Doing::creating, "CREATE", wire_names, "",
              [&](const Reply& reply) { out.push_back(reply.ok() || says_already_there(reply)); });
  return out;
}

std::vector<bool> Session::subscribe(std::span<const std::string> wire_names) {
  std::vector<bool> out;
  ask_of_each(*state_, Doing::creating, "SUBSCRIBE", wire_names, "",
              [&](const Reply& reply) { out.push_back(reply.ok()); });
  return out;
}

}  // namespace postferry::imap
