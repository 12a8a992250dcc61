#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "support/memory_mail.h"

namespace postferry::test {

// One folder, page by page; goes on where a lost session left it.
class MemorySource::Reader final : public mail::FolderReader {
 public:
  Reader(MemorySource& source, std::string name, std::stop_token stop)
      : source_(source), name_(std::move(name)), stop_(std::move(stop)) {
    sign_in();
  }
  ~Reader() override { drop_session(); }

  mail::FolderState begin() override {
    sign_in();
    guarded("begin", 0, [] {});
    const std::lock_guard lock(source_.mutex_);
    const auto& folder = source_.account_.folder(name_);
    state_ = {std::to_string(folder.uidvalidity), folder.next,
              static_cast<std::uint32_t>(folder.messages.size()), source_.rules_.tokens ? folder.modseq : 0};
    uids_.clear();
    for (const auto& message : folder.messages) uids_.push_back(message.uid);
    return state_;
  }

  void scan(mail::Span span, mail::Chooser& choose, mail::Arrivals& to) override {
    sign_in();
    check_epoch();
    if (!started_) start(span);
    while (page_from_ < wanted_.size()) read_page(choose, to);
    while (!suspects_.empty()) try_suspect(to);
    to.span_done(span);
  }

 private:
  void start(mail::Span span) {
    std::size_t hidden = 0;
    for (const auto uid : uids_) {
      if (!span.contains(uid)) continue;
      source_.rules_.hidden.contains(uid) ? void(++hidden) : wanted_.push_back(uid);
    }
    if (hidden > 0) {
      throw Error(Cause::protocol, Blast::folder, Retry::never,
                  fmt::format("{}: listing incomplete ({} messages are missing)", name_, hidden));
    }
    started_ = true;
  }

  void read_page(mail::Chooser& choose, mail::Arrivals& to) {
    const auto page_to = std::min(wanted_.size(), page_from_ + source_.rules_.page_messages);
    if (choices_.empty()) list_page(page_to, choose, to);
    for (; at_ < choices_.size(); ++at_) {
      if (choices_[at_] == mail::Choice::leave) continue;
      const auto& meta = metas_[at_];
      if (choices_[at_] == mail::Choice::compare_header && held_by_header(meta, choose)) continue;
      fetch(meta, to, false);
    }
    choices_.clear();
    metas_.clear();
    at_ = 0;
    page_from_ = page_to;
  }

  void list_page(std::size_t page_to, mail::Chooser& choose, mail::Arrivals& to) {
    guarded("page", wanted_[page_from_], [] {});
    metas_.clear();
    for (auto i = page_from_; i < page_to; ++i) metas_.push_back(meta_of(wanted_[i]));
    to.listed(metas_.size());
    if (choose.wants_all()) {
      choices_.assign(metas_.size(), mail::Choice::fetch);
    } else {
      choose.choose(metas_, choices_);
    }
  }

  mail::Meta meta_of(std::uint32_t uid) {
    const std::lock_guard lock(source_.mutex_);
    mail::Meta meta;
    meta.ref = {state_.epoch, uid, {}};
    if (const auto* message = source_.account_.folder(name_).find(uid)) {
      meta.size = message->text.size();
      if (source_.rules_.lists_flags) meta.flags = message->flags;
      meta.received = message->received;
      meta.global_id = message->global_id;
    }
    return meta;
  }

  mail::Flags flags_of(std::uint32_t uid) {
    const std::lock_guard lock(source_.mutex_);
    const auto* message = source_.account_.folder(name_).find(uid);
    return message != nullptr ? message->flags : mail::Flags{};
  }

  std::optional<std::string> text_of(std::uint32_t uid) {
    const std::lock_guard lock(source_.mutex_);
    if (source_.rules_.vanish.contains(uid)) source_.account_.folder(name_).expunge(uid);
    const auto* message = source_.account_.folder(name_).find(uid);
    return message != nullptr ? std::optional(message->text) : std::nullopt;
  }

  bool held_by_header(const mail::Meta& meta, mail::Chooser& choose) {
    std::optional<std::string> text;
    guarded("header", meta.ref.number, [&] { text = text_of(meta.ref.number); });
    if (!text) return false;  // the body's fetch will find that it has vanished
    const auto end = text->find("\r\n\r\n");
    const auto header = mail::header_digests(
        as_bytes(std::string_view(*text).substr(0, end == std::string::npos ? end : end + 4)));
    return choose.held_by_header(meta, header.header, header.match);
  }

  void fetch(const mail::Meta& meta, mail::Arrivals& to, bool is_suspect) {
    const auto uid = meta.ref.number;
    if (source_.rules_.swallowed.contains(uid)) return;
    try {
      guarded("body", uid, [&] { lose_session_if_told(uid); });
    } catch (const Error& error) {
      if (error.blast == Blast::session && error.suspect == std::to_string(uid) && !is_suspect) {
        suspects_.push_back({meta, 0});
        ++at_;  // the page goes on behind it
      }
      throw;
    }
    if (source_.rules_.refused.contains(uid)) {
      const Error no(Cause::rejected, Blast::message, Retry::never,
                     fmt::format("{} uid {}: NO cannot read message", name_, uid));
      return to.unavailable(meta, {}, mail::Outcome::failed, &no);
    }
    auto text = text_of(uid);
    if (!text) return to.unavailable(meta, {}, mail::Outcome::vanished, nullptr);
    mail::Message message;
    if (source_.budget_ != nullptr) {
      message.lease = source_.budget_->take(std::min(text->size(), mail::Spool::memory_limit), stop_);
    }
    ++source_.bodies_;
    message.meta = meta;
    if (!source_.rules_.lists_flags) message.meta.flags = flags_of(uid);
    message.digests = mail::digests_of(as_bytes(*text));
    message.body = mail::memory_body(*std::move(text));
    to.arrived(std::move(message));
  }

  void try_suspect(mail::Arrivals& to) {
    auto& suspect = suspects_.front();
    if (suspect.tries == 2) {
      const Error why(
          Cause::network, Blast::message, Retry::never,
          fmt::format("{} uid {}: every session died while it was read", name_, suspect.meta.ref.number));
      to.unavailable(suspect.meta, {}, mail::Outcome::failed, &why);
    } else {
      ++suspect.tries;
      fetch(suspect.meta, to, true);
    }
    suspects_.erase(suspects_.begin());
  }

  void lose_session_if_told(std::uint32_t uid) {
    const std::lock_guard lock(source_.mutex_);
    const auto rule = source_.rules_.lose_session.find(uid);
    if (rule == source_.rules_.lose_session.end() || rule->second == 0) return;
    --rule->second;
    Error error(Cause::network, Blast::session, Retry::now,
                fmt::format("{} uid {}: server closed the connection", name_, uid));
    error.suspect = std::to_string(uid);
    throw error;
  }

  // A step that may fail as the rules say; a failure wider than a folder ends the session.
  template <class Act>
  void guarded(const std::string& step, std::uint32_t uid, Act act) {
    if (stop_.stop_requested()) throw Cancelled();
    try {
      source_.before(step, name_, uid);
      act();
    } catch (const Error& error) {
      if (error.blast >= Blast::session) drop_session();
      throw;
    }
  }

  void sign_in() {
    if (signed_in_) return;
    if (stop_.stop_requested()) throw Cancelled();
    source_.before("sign-in", name_);
    signed_in_ = true;
    const auto now = ++source_.sessions_;
    auto most = source_.most_sessions_.load();
    while (most < now && !source_.most_sessions_.compare_exchange_weak(most, now)) {
    }
  }

  void drop_session() {
    if (std::exchange(signed_in_, false)) --source_.sessions_;
  }

  void check_epoch() {
    const std::lock_guard lock(source_.mutex_);
    if (state_.epoch == std::to_string(source_.account_.folder(name_).uidvalidity)) return;
    throw Error(Cause::protocol, Blast::folder, Retry::now, fmt::format("{}: UIDVALIDITY changed", name_));
  }

  struct Suspect {
    mail::Meta meta;
    unsigned tries;
  };

  MemorySource& source_;
  const std::string name_;
  const std::stop_token stop_;
  bool signed_in_ = false, started_ = false;
  mail::FolderState state_;
  std::vector<std::uint32_t> uids_, wanted_;
  std::vector<mail::Meta> metas_;
  std::vector<mail::Choice> choices_;
  std::size_t page_from_ = 0, at_ = 0;
  std::vector<Suspect> suspects_;
};

MemorySource::MemorySource(MemoryAccount& account, SourceRules rules, ByteBudget* budget)
    : account_(account), rules_(std::move(rules)), budget_(budget) {}

void MemorySource::before(const std::string& step, const std::string& folder, std::uint32_t uid) {
  if (rules_.before) rules_.before(step, folder, uid);
}

mail::SourceTraits MemorySource::traits() const { return {true, rules_.lists_flags, true, rules_.max_sessions}; }

std::vector<mail::Folder> MemorySource::folders(std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  before("list-folders", "");
  const std::lock_guard lock(mutex_);
  std::vector<mail::Folder> found;
  for (const auto& one : account_.folders) {
    auto& folder = found.emplace_back(one.folder);
    folder.messages = one.messages.size();
    folder.bytes = 0;
    for (const auto& message : one.messages) folder.bytes += message.text.size();
    if (rules_.tokens)
      folder.token = fmt::format("{}/{}/{}/{}", one.uidvalidity, one.next, one.messages.size(), one.modseq);
  }
  return found;
}

std::vector<mail::Span> MemorySource::cut(const mail::Folder& folder, unsigned pieces, std::stop_token) {
  before("cut", folder.wire_name);
  const std::lock_guard lock(mutex_);
  const auto& messages = account_.folder(folder.wire_name).messages;
  std::vector<mail::Span> spans;
  std::uint32_t first = 1;
  for (unsigned piece = 1; piece < pieces && !messages.empty(); ++piece) {
    const auto border = messages[messages.size() * piece / pieces].uid;
    if (border <= first) continue;
    spans.push_back({first, border - 1});
    first = border;
  }
  spans.push_back({first, mail::Span{}.last});
  return spans;
}

std::unique_ptr<mail::FolderReader> MemorySource::open(const mail::Folder& folder, std::stop_token stop) {
  return std::make_unique<Reader>(*this, folder.wire_name, std::move(stop));
}

}  // namespace postferry::test
