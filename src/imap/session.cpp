#include <postferry/imap/session.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "session_state.h"

namespace postferry::imap {
namespace {

// Collects what EXAMINE answers.
class Opening final : public Untagged {
 public:
  void condition(const Reply& reply) override {
    if (reply.code == "UIDVALIDITY") {
      folder.uidvalidity = narrow(reply);
    } else if (reply.code == "UIDNEXT") {
      folder.uidnext = narrow(reply);
    } else if (reply.code == "HIGHESTMODSEQ") {
      folder.highestmodseq = leading_number(reply.arguments).value_or(0);
    } else if (reply.code == "READ-ONLY") {
      folder.read_only = true;
    } else if (reply.code == "PERMANENTFLAGS") {
      take_flags(reply.arguments);
    }
  }

  Selected folder;

 private:
  // "123" and also "123)" or "123 456": servers put more there.
  static std::optional<std::uint64_t> leading_number(std::string_view text) {
    return parse_number(text.substr(0, text.find_first_not_of("0123456789")));
  }
  static std::uint32_t narrow(const Reply& reply) {
    const auto number = leading_number(reply.arguments).value_or(0);
    return number <= 0xFFFFFFFFu ? static_cast<std::uint32_t>(number) : 0;
  }
  // Quirk 44: parentheses may be missing or wrong.
  void take_flags(std::string_view text) {
    folder.permanent_flags.clear();
    folder.told_flags = true;
    while (!text.empty()) {
      const auto end = std::min(text.find_first_of(" ()"), text.size());
      if (end > 0) folder.permanent_flags.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    folder.new_keywords = std::find(folder.permanent_flags.begin(), folder.permanent_flags.end(), "\\*") !=
                          folder.permanent_flags.end();
  }
};

// Sequence number to UID.
class Borders final : public Untagged {
 public:
  explicit Borders(FetchReader& reader) : reader_(reader) {}
  void fetch(std::uint32_t sequence, Wire& wire) override {
    const auto& items = reader_.read(sequence, wire, nullptr);
    if (items.uid != 0) found.emplace_back(items.sequence, items.uid);
  }
  std::vector<std::pair<std::uint32_t, Uid>> found;

 private:
  FetchReader& reader_;
};

// Quirk 34: lines of some kilobytes are all that some servers take.
constexpr std::size_t numbers_a_line = 500;

}  // namespace

Error Session::State::refusal(const Reply& reply) const {
  auto out = meaning(reply, pipe.doing());
  if (out.advice.empty() && !pipe.alert().empty() && pipe.alert() != reply.text)
    out.advice = fmt::format("the server says: \"{}\"", pipe.alert());
  return out;
}

Session::Session(std::unique_ptr<net::Stream> stream, Window window)
    : state_(std::make_unique<State>(std::move(stream), window)) {
  auto& pipe = state_->pipe;
  state_->preauth = pipe.greeting().status == Status::preauth;
  if (pipe.capabilities().known()) return;
  Nobody nobody;
  const auto reply = pipe.ask("CAPABILITY", nobody);
  if (!reply.ok()) throw state_->refusal(reply);
}

Session::~Session() = default;

bool Session::preauth() const { return state_->preauth; }

bool Session::can(std::string_view capability) const { return state_->pipe.capabilities().has(capability); }

Selected Session::examine(std::string_view wire_name) { return open_folder("EXAMINE", wire_name); }
Selected Session::select(std::string_view wire_name) { return open_folder("SELECT", wire_name); }

Selected Session::open_folder(std::string_view verb, std::string_view wire_name) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::opening_folder);
  pipe.forget_folder();
  Opening opening;
  const std::array names{wire_name};
  const auto reply = pipe.wait(pipe.send(verb, names, "", opening), opening);
  if (!reply.ok()) throw state_->refusal(reply);
  opening.condition(reply);
  opening.folder.exists = pipe.exists();
  pipe.doing(Doing::other);
  return opening.folder;
}

std::vector<Uid> Session::borders(std::uint32_t exists, std::uint32_t step) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::reading);
  Borders borders(state_->fetch);
  for (std::uint64_t at = step; at <= exists;) {
    std::string numbers;
    for (std::size_t n = 0; n < numbers_a_line && at <= exists; ++n, at += step) {
      fmt::format_to(std::back_inserter(numbers), "{}{}", numbers.empty() ? "" : ",", at);
    }
    const auto reply = pipe.ask(fmt::format("FETCH {} (UID)", numbers), borders);
    if (reply.ok()) continue;
    const auto why = state_->refusal(reply);
    if (why.blast > Blast::message) throw why;
    return {};
  }
  std::vector<Uid> uids;
  for (const auto& [sequence, uid] : borders.found) {
    // Also a check of the server: quirk 10, numbers that are no positions, must not cut pages.
    if (sequence != (uids.size() + 1) * std::uint64_t{step} || (!uids.empty() && uid <= uids.back()))
      continue;
    uids.push_back(uid);
  }
  if (uids.size() != exists / step) return {};
  return uids;
}

void Session::noop() {
  Nobody nobody;
  const auto reply = state_->pipe.ask("NOOP", nobody);
  if (!reply.ok()) throw state_->refusal(reply);
}

std::uint32_t Session::exists() const { return state_->pipe.exists(); }
std::vector<std::uint32_t> Session::take_expunged() { return state_->pipe.take_expunged(); }
Uid Session::in_flight() const { return state_->in_flight; }

void Session::logout() noexcept {
  try {
    state_->pipe.stream().hurry(std::chrono::seconds(2));
    state_->pipe.send("LOGOUT");
    state_->pipe.flush();
  } catch (const std::exception&) {
    // The connection is closed next; there is nobody left to be told.
  }
}

void Session::abort() noexcept { state_->pipe.stream().abort(); }

}  // namespace postferry::imap
