#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include <postferry/imap/roles.h>

#include "folder_names.h"
#include "name_space.h"
#include "session_state.h"

namespace postferry::imap {
namespace {

std::uint32_t narrow(std::optional<std::uint64_t> number) {
  return number && *number <= 0xFFFFFFFFu ? static_cast<std::uint32_t>(*number) : 0;
}

// Collects LIST, LSUB, STATUS and NAMESPACE. Folders by wire name, each once, in the server's order.
class Listing final : public Untagged {
 public:
  void data(std::string_view keyword, Wire& wire) override {
    if (keyword == "LIST") {
      try {
        read_list(wire);
      } catch (const Malformed&) {
        unreadable(wire.line());
        throw;
      }
    } else if (keyword == "LSUB") {
      read_lsub(wire);
    } else if (keyword == "STATUS") {
      read_status(wire);
    } else if (keyword == "NAMESPACE") {
      prefix = read_personal_namespace(wire).prefix;
    }
  }

  std::vector<Listed> folders;
  std::string prefix;  // of the personal namespace
  bool told_subscriptions = false;

  Listed* find(const std::string& wire_name) {
    const auto it = by_name_.find(is_inbox(wire_name) ? "INBOX" : wire_name);
    return it == by_name_.end() ? nullptr : &folders[it->second];
  }

 private:
  struct Row {
    std::vector<std::string> attributes;
    char delimiter = 0;
    std::string name;
    bool has(std::string_view attribute) const {
      return std::any_of(attributes.begin(), attributes.end(),
                         [&](const auto& one) { return equal_ignoring_case(one, attribute); });
    }
  };

  static Row read_row(Wire& wire) {
    Row row;
    wire.expect('(');
    while (!wire.skip(')')) row.attributes.emplace_back(wire.atom());
    const auto delimiter = wire.nstring().value_or("");
    row.delimiter = delimiter.empty() ? '\0' : delimiter.front();
    row.name = wire.astring();
    return row;
  }

  void read_list(Wire& wire) {
    auto row = read_row(wire);
    if (!wire.at_end()) wire.skip_value();  // RFC 5258 extended data
    if (row.name.empty()) return;           // what LIST "" "" answers
    const auto [it, is_new] = by_name_.try_emplace(is_inbox(row.name) ? "INBOX" : row.name, folders.size());
    if (is_new) folders.emplace_back().folder.wire_name = row.name;
    auto& folder = folders[it->second].folder;
    folder.delimiter = row.delimiter;
    // Told twice, and once as one that can be opened: then it is tried.
    const bool opens = !row.has("\\Noselect") && !row.has("\\NonExistent");
    folder.selectable = opens || (!is_new && folder.selectable);
    if (row.has("\\Subscribed")) folder.subscribed = true;
    for (const auto& attribute : row.attributes) {
      if (const auto role = role_of_attribute(attribute)) folder.role = *role;
    }
  }

  // A folder that we cannot read the name of must not be missing without a word: what there is of the line
  // stands for it, which no server opens, and so it is named as failed.
  void unreadable(std::string_view line) {
    const auto name = printable(line.substr(0, 200));
    if (by_name_.try_emplace(name, folders.size()).second) folders.emplace_back().folder.wire_name = name;
  }

  void read_lsub(Wire& wire) {
    const auto row = read_row(wire);
    if (row.has("\\Noselect")) return;  // not subscribed itself, but something below (RFC 3501 section 6.3.9)
    if (auto* listed = find(row.name)) listed->folder.subscribed = true;
  }

  void read_status(Wire& wire) {
    auto* listed = find(wire.astring());
    if (listed == nullptr) return;
    wire.expect('(');
    while (!wire.skip(')')) {
      const std::string item(wire.atom());
      const auto value = wire.peek() == '(' ? (wire.skip_value(), std::nullopt) : wire.number();
      if (equal_ignoring_case(item, "MESSAGES")) listed->messages = narrow(value), listed->has_status = true;
      if (equal_ignoring_case(item, "SIZE")) listed->folder.bytes = value.value_or(0);
      if (equal_ignoring_case(item, "UIDNEXT")) listed->uidnext = narrow(value);
      if (equal_ignoring_case(item, "UIDVALIDITY")) listed->uidvalidity = narrow(value);
      if (equal_ignoring_case(item, "HIGHESTMODSEQ")) listed->highestmodseq = value.value_or(0);
    }
  }

  std::unordered_map<std::string, std::size_t> by_name_;
};

std::string status_items(const Capabilities& capabilities, const ListOptions& options) {
  std::string out = "(MESSAGES UIDNEXT UIDVALIDITY";
  if (capabilities.has("CONDSTORE") || capabilities.has("QRESYNC")) out += " HIGHESTMODSEQ";
  if (options.with_size && capabilities.has("STATUS=SIZE")) out += " SIZE";
  return out + ")";
}

// One command for everything, where the server has RFC 5258; each part only if it said so.
std::string extended_list(const Capabilities& capabilities, const ListOptions& options) {
  std::string out = R"(LIST "" "*" RETURN (SUBSCRIBED)";
  if (capabilities.has("SPECIAL-USE")) out += " SPECIAL-USE";
  if (options.with_status && capabilities.has("LIST-STATUS")) out += " STATUS " + status_items(capabilities, options);
  return out + ")";
}

// STATUS one folder after another, several in flight.
class StatusRounds {
 public:
  StatusRounds(Pipe& pipe, Listing& listing, std::string items, unsigned window)
      : pipe_(pipe), listing_(listing), tail_(" " + std::move(items)), window_(window) {}

  void run() {
    for (std::size_t i = 0; i < listing_.folders.size(); ++i) {
      const auto& [folder, has_status, v, n, m, h, problem] = listing_.folders[i];
      const auto name = folder.wire_name;
      if (!folder.selectable || has_status || name.find('\0') != std::string::npos) continue;
      while (asked_.size() >= (pipe_.has_to_wait(name) ? 1u : window_)) hear();
      const std::array names{std::string_view(name)};
      asked_.emplace_back(pipe_.send("STATUS", names, tail_, listing_), i);
    }
    while (!asked_.empty()) hear();
  }

 private:
  void hear() {
    const auto heard = pipe_.hear(listing_);
    if (heard.kind != Pipe::Heard::Kind::tagged) return;
    const auto it =
        std::find_if(asked_.begin(), asked_.end(), [&](const auto& one) { return one.first == heard.tag; });
    if (it == asked_.end()) return;
    if (!heard.reply.ok()) {
      const auto why = meaning(heard.reply, Doing::other);
      if (why.retry == Retry::later) throw why;
      listing_.folders[it->second].status_problem = heard.reply.text.empty() ? "refused" : heard.reply.text;
    }
    asked_.erase(it);
  }

  Pipe& pipe_;
  Listing& listing_;
  const std::string tail_;
  const unsigned window_;
  std::vector<std::pair<Pipe::Tag, std::size_t>> asked_;  // with the folder's place
};

// The server's own word first (RFC 6154); a usual name only for a use that no folder claims, and only at the
// top.
void give_roles(std::vector<Listed>& folders) {
  std::set<mail::Role> taken;
  for (auto& listed : folders) {
    if (is_inbox(listed.folder.wire_name)) listed.folder.role = mail::Role::inbox;
    taken.insert(listed.folder.role);
  }
  for (auto& [folder, has_status, uidvalidity, uidnext, messages, highestmodseq, problem] : folders) {
    if (folder.role != mail::Role::none || !folder.selectable || folder.path.size() != 1) continue;
    const auto role = role_of_name(folder.path.front());
    if (role != mail::Role::none && taken.insert(role).second) folder.role = role;
  }
}

}  // namespace

std::vector<Listed> Session::list(const ListOptions& options) {
  auto& pipe = state_->pipe;
  pipe.doing(Doing::other);
  const auto& capabilities = pipe.capabilities();
  Listing listing;
  if (capabilities.has("NAMESPACE")) {
    if (state_->window.commands > 1) {
      pipe.send_unasked("NAMESPACE");
    } else {
      pipe.ask("NAMESPACE", listing);
    }
  }
  Reply reply;
  reply.status = Status::no;
  if (capabilities.has("LIST-EXTENDED")) {
    reply = pipe.ask(extended_list(capabilities, options), listing);
    if (!reply.ok() && meaning(reply, Doing::other).retry == Retry::later) throw state_->refusal(reply);
    listing.told_subscriptions = reply.ok();
  }
  if (!reply.ok()) {
    reply = pipe.ask(R"(LIST "" "*")", listing);
    if (!reply.ok()) throw state_->refusal(reply);
  }
  if (!listing.told_subscriptions) {
    pipe.ask(R"(LSUB "" "*")", listing);  // refused: then nobody is told what is subscribed
  }
  if (options.with_status) {
    StatusRounds(pipe, listing, status_items(capabilities, options), state_->window.commands > 1 ? 32 : 1).run();
  }
  for (auto& listed : listing.folders) {
    listed.folder.path = path_of(listed.folder.wire_name, listed.folder.delimiter, listing.prefix);
    listed.folder.messages = listed.messages;
  }
  give_roles(listing.folders);
  return std::move(listing.folders);
}

}  // namespace postferry::imap
