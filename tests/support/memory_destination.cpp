#include "support/memory_destination.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/mail/digester.h>
#include <postferry/mail/folder_path.h>

namespace postferry::test {
namespace {

bool applies(std::map<std::string, unsigned>& rule, const std::string& text) {
  for (auto& [name, times] : rule) {
    if (times == 0 || text.find(name) == std::string::npos) continue;
    --times;
    return true;
  }
  return false;
}

std::string header_of(const std::string& text) {
  const auto end = text.find("\r\n\r\n");
  return text.substr(0, end == std::string::npos ? end : end + 4);
}

void munge(std::string& text) {
  const auto end = header_of(text).size();
  std::replace_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, 'X');
}

std::uint64_t bytes_in(const MemoryAccount& account) {
  std::uint64_t sum = 0;
  for (const auto& folder : account.folders) {
    for (const auto& message : folder.messages) sum += message.text.size();
  }
  return sum;
}

Error lost(const std::string& folder) {
  return {Cause::network, Blast::session, Retry::now, folder + ": server closed the connection"};
}

}  // namespace

// One session into one folder; dead after it threw an Error that says so.
class MemoryDestination::Session final : public mail::DestinationFolder {
 public:
  Session(MemoryDestination& server, std::string name) : server_(server), name_(std::move(name)) {}
  ~Session() override {
    const std::lock_guard lock(server_.mutex_);
    --server_.lent_;
    server_.given_back_.notify_one();
  }

  mail::FolderState begin() override {
    ask("begin");
    server_.finish_stalled(name_);
    const std::lock_guard lock(server_.mutex_);
    const auto& folder = server_.existing(name_);
    return {std::to_string(folder.uidvalidity), folder.next,
            static_cast<std::uint32_t>(folder.messages.size()), 0};
  }
  bool takes_keyword(const std::string& keyword) const override {
    EXPECT_TRUE(alive_);
    return !server_.rules_.keywords || server_.rules_.keywords->contains(keyword);
  }
  bool read_only() const override { return server_.rules_.read_only; }

  void survey(std::uint32_t from, const std::function<void(const mail::Found&)>& found) override {
    ask("survey");
    std::vector<mail::Found> all;
    {
      const std::lock_guard lock(server_.mutex_);
      for (const auto& one : server_.existing(name_).messages) {
        if (one.uid >= from) all.push_back({one.uid, one.text.size(), one.flags});
      }
    }
    for (const auto& one : all) found(one);
  }

  void headers(std::span<const std::uint32_t> numbers,
               const std::function<void(std::uint32_t, const mail::HeaderId&,
                                        const std::optional<mail::MatchKey>&)>& found) override {
    ask("headers");
    for (const auto number : numbers) {
      const auto text = text_at(number);
      if (!text) continue;
      const auto header = mail::header_digests(as_bytes(header_of(*text)));
      found(number, header.header, header.match);
    }
  }

  std::optional<mail::CanonicalId> canonical_of(std::uint32_t number) override {
    ask("body");
    ++server_.bodies_;
    const auto text = text_at(number);
    if (!text) return std::nullopt;
    return mail::digests_of(as_bytes(*text)).canonical;
  }

  std::optional<mail::MergeId> merge_of(std::uint32_t number) override {
    ask("body");
    const auto text = text_at(number);
    if (!text) return std::nullopt;
    return mail::digests_of(as_bytes(*text)).merge;
  }

  void append(std::vector<mail::Outgoing> batch, std::uint32_t mark, mail::Answers& answers) override {
    EXPECT_TRUE(alive_);
    EXPECT_FALSE(server_.rules_.read_only) << "appended to a folder that is read-only";
    pending_ = std::move(batch);
    ++server_.batches_;
    ask("append");
    server_.rules_.multiappend ? append_whole(answers) : append_one_by_one(answers);
    if (mark != 0) glance(mark, answers);
  }
  void glance(std::uint32_t mark, mail::Answers& answers) override {
    if (server_.rules_.tells_seen) survey(mark, [&](const mail::Found& found) { answers.seen(found); });
  }
  void drain(mail::Answers&) override { EXPECT_TRUE(alive_); }
  std::vector<mail::Outgoing> take_back() override { return std::exchange(pending_, {}); }

  void change_flags(std::uint32_t number, const mail::Flags& add, const mail::Flags& remove) override {
    ask("flags");
    server_.effect();
    ++server_.flag_changes_;
    const std::lock_guard lock(server_.mutex_);
    auto* message = server_.existing(name_).find(number);
    if (message == nullptr) return;
    change(message->flags, add, true);
    change(message->flags, remove, false);
  }

 private:
  enum class Fate { stored, refused, put_off, over_quota, ok_lost, stalled, killed };

  static void change(mail::Flags& flags, const mail::Flags& which, bool to) {
    if (which.seen) flags.seen = to;
    if (which.answered) flags.answered = to;
    if (which.flagged) flags.flagged = to;
    if (which.deleted) flags.deleted = to;
    if (which.draft) flags.draft = to;
    for (const auto& keyword : which.keywords) {
      if (to) flags.keywords.insert(keyword);
      if (!to) flags.keywords.erase(keyword);
    }
  }

  void ask(const std::string& step) {
    EXPECT_TRUE(alive_) << "a session was used after it had died: " << step;
    try {
      server_.before(step, name_);
    } catch (const Error& error) {
      if (error.blast >= Blast::session) alive_ = false;
      throw;
    }
  }

  std::optional<std::string> text_at(std::uint32_t number) {
    const std::lock_guard lock(server_.mutex_);
    const auto* message = server_.existing(name_).find(number);
    return message != nullptr ? std::optional(message->text) : std::nullopt;
  }

  Fate fate_of(const std::string& text, std::uint64_t more) {
    auto& rules = server_.rules_;
    if (applies(rules.kill, text)) return Fate::killed;
    if (applies(rules.stall, text)) return Fate::stalled;
    if (applies(rules.put_off, text)) return Fate::put_off;
    if (applies(rules.refuse, text)) return Fate::refused;
    if (rules.quota && bytes_in(server_.account_) + more > *rules.quota) return Fate::over_quota;
    if (applies(rules.lose_ok, text)) return Fate::ok_lost;
    return Fate::stored;
  }

  // One command for all: it is stored whole or not at all; after a NO the adapter sends them one by one.
  void append_whole(mail::Answers& answers) {
    std::vector<std::string> texts;
    bool any_no = false, any_put_off = false, any_lost = false, any_stalled = false, any_killed = false;
    {
      const std::lock_guard lock(server_.mutex_);
      std::uint64_t bytes = 0;
      const auto rules = server_.rules_;  // asked without being used up: a NO is asked for again, alone
      for (const auto& one : pending_) {
        texts.push_back(text_of(*one.message.body));
        bytes += texts.back().size();
        const auto fate = fate_of(texts.back(), bytes);
        any_no |= fate == Fate::refused || fate == Fate::over_quota;
        any_put_off |= fate == Fate::put_off;
        any_lost |= fate == Fate::ok_lost, any_stalled |= fate == Fate::stalled,
            any_killed |= fate == Fate::killed;
      }
      if (any_no && !any_killed && !any_stalled) server_.rules_ = rules;
    }
    if (any_killed) die();
    if (any_put_off) not_now(answers);
    if (any_stalled) {
      for (std::size_t i = 0; i < texts.size(); ++i) stall(pending_[i], texts[i]);
      die();
    }
    if (any_no) return append_one_by_one(answers);
    server_.effect();
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < texts.size(); ++i) numbers.push_back(store(pending_[i], texts[i]));
    if (any_lost) die();
    for (std::size_t i = 0; auto& one : std::exchange(pending_, {}))
      answers.appended(std::move(one), told(numbers[i++]));
  }

  void append_one_by_one(mail::Answers& answers) {
    while (!pending_.empty()) {
      const auto text = text_of(*pending_.front().message.body);
      Fate fate{};
      {
        const std::lock_guard lock(server_.mutex_);
        fate = fate_of(text, text.size());
      }
      if (fate == Fate::killed) die();
      if (fate == Fate::put_off) not_now(answers);
      if (fate == Fate::stalled) {
        stall(pending_.front(), text);
        die();
      }
      if (fate == Fate::refused || fate == Fate::over_quota) {
        const auto cause = fate == Fate::refused ? Cause::rejected : Cause::quota;
        auto one = take_first();
        answers.refused(std::move(one), Error(cause, Blast::message, Retry::never, name_ + ": NO"));
        continue;
      }
      server_.effect();
      const auto number = store(pending_.front(), text);
      if (fate == Fate::ok_lost) die();
      auto one = take_first();
      answers.appended(std::move(one), told(number));
    }
  }

  mail::Outgoing take_first() {
    auto one = std::move(pending_.front());
    pending_.erase(pending_.begin());
    return one;
  }

  std::uint32_t store(const mail::Outgoing& outgoing, std::string text) {
    const std::lock_guard lock(server_.mutex_);
    ++server_.appends_;
    if (server_.rules_.rewrites) text.insert(0, "X-Server: was here\r\n");
    if (server_.rules_.munges) munge(text);
    auto& folder = server_.existing(name_);
    const auto number = folder.add(std::move(text), outgoing.flags);
    folder.find(number)->received = outgoing.date;
    for (const auto& keyword : outgoing.flags.keywords) EXPECT_TRUE(takes_keyword(keyword)) << keyword;
    return number;
  }

  void stall(const mail::Outgoing& outgoing, const std::string& text) {
    server_.effect();
    const std::lock_guard lock(server_.mutex_);
    ++server_.appends_;
    server_.stalled_.push_back({name_, text, outgoing.flags, outgoing.date});
  }

  std::optional<std::uint32_t> told(std::uint32_t number) const {
    return server_.rules_.uidplus ? std::optional(number) : std::nullopt;
  }
  [[noreturn]] void not_now(mail::Answers& answers) {
    for (auto& one : std::exchange(pending_, {})) answers.put_off(std::move(one));
    throw Error(Cause::throttled, Blast::endpoint, Retry::later, "not now");
  }
  [[noreturn]] void die() {
    alive_ = false;
    throw lost(name_);
  }

  MemoryDestination& server_;
  const std::string name_;
  bool alive_ = true;
  std::vector<mail::Outgoing> pending_;
};

MemoryDestination::MemoryDestination(MemoryAccount& account, DestinationRules rules, StepCounter* steps)
    : account_(account), rules_(std::move(rules)), steps_(steps) {}

void MemoryDestination::before(const std::string& step, const std::string& folder) {
  if (rules_.before) rules_.before(step, folder);
}

void MemoryDestination::effect() {
  if (steps_ != nullptr) steps_->step();
}

// An account is looked into by reference, so no folder may come into being while another is in use.
MemoryFolder& MemoryDestination::existing(const std::string& name) {
  for (auto& one : account_.folders) {
    if (one.folder.wire_name == name) return one;
  }
  throw Error(Cause::missing, Blast::folder, Retry::never, name + ": no such mailbox");
}

void MemoryDestination::finish_stalled(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (auto& one : stalled_) {
    if (one.folder != name || ++one.openings != 3) continue;
    auto& folder = existing(name);
    folder.find(folder.add(one.text, one.flags))->received = one.date;
  }
}

mail::DestinationTraits MemoryDestination::traits(std::stop_token) {
  before("traits", "");
  return {'/', rules_.append_limit, std::nullopt, rules_.max_sessions, {}};
}

std::vector<mail::Folder> MemoryDestination::folders(std::stop_token) {
  before("folders", "");
  const std::lock_guard lock(mutex_);
  std::vector<mail::Folder> found;
  for (const auto& one : account_.folders) found.push_back(one.folder);
  return found;
}

std::string MemoryDestination::wire_name(const mail::FolderPath& path) const {
  std::string name;
  for (const auto& word : path) name += (name.empty() ? "" : "/") + word;
  return name;
}

mail::Ensured MemoryDestination::ensure(const mail::FolderPath& path, bool subscribe, std::stop_token stop) {
  const auto name = wire_name(path);
  before("ensure", name);
  if (rules_.refused_folders.contains(name)) {
    auto plain = path;
    plain.back() = mail::plain_word(plain.back());
    if (plain != path) return ensure(plain, subscribe, stop);
    throw Error(Cause::rejected, Blast::folder, Retry::never, name + ": NO such a name is not allowed");
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto& one : account_.folders) {
      if (one.folder.wire_name == name) return {path, {}};
    }
  }
  effect();
  const std::lock_guard lock(mutex_);
  auto& made = account_.folder(name).folder;
  made.path = path;
  made.subscribed = subscribe;
  return {path, {}};
}

std::unique_ptr<mail::DestinationFolder> MemoryDestination::open(const mail::FolderPath& path, mail::Opening,
                                                                 std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  before("sign-in", wire_name(path));
  {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait(lock, stop, [&] { return lent_ < rules_.max_sessions; })) throw Cancelled();
    ++lent_;
  }
  return std::make_unique<Session>(*this, wire_name(path));
}

}  // namespace postferry::test
