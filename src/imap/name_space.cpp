#include "name_space.h"

#include "session_state.h"

namespace postferry::imap {
namespace {

class Asked final : public Untagged {
 public:
  void data(std::string_view keyword, Wire& wire) override {
    if (keyword == "NAMESPACE") found = read_personal_namespace(wire), known = true;
    // LIST "" "": (\Noselect) "/" ""
    if (keyword != "LIST" || known) return;
    wire.skip_value();
    const auto delimiter = wire.nstring().value_or("");
    found.delimiter = delimiter.empty() ? '\0' : delimiter.front();
    wire.rest();
  }

  Namespace found;
  bool known = false;
};

}  // namespace

Namespace read_personal_namespace(Wire& wire) {
  Namespace out;
  if (!wire.skip('(') || !wire.skip('(')) return out;
  out.prefix = wire.astring();
  const auto delimiter = wire.nstring().value_or("");
  out.delimiter = delimiter.empty() ? '\0' : delimiter.front();
  while (!wire.at_end()) {
    if (!wire.skip(')')) wire.skip_value();
  }
  return out;
}

Namespace Session::personal_namespace() {
  if (state_->own) return *state_->own;
  auto& pipe = state_->pipe;
  pipe.doing(Doing::other);
  Asked asked;
  if (!pipe.capabilities().has("NAMESPACE") || !pipe.ask("NAMESPACE", asked).ok() || !asked.known) {
    const auto reply = pipe.ask(R"(LIST "" "")", asked);
    if (!reply.ok()) throw state_->refusal(reply);
  }
  state_->own = asked.found;
  return asked.found;
}

}  // namespace postferry::imap
