#include "imap_reader.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "imap_fetch.h"
#include "imap_listing.h"
#include "imap_pages.h"
#include "imap_work.h"

namespace postferry::endpoints {
namespace {

// Listed together: enough to hide the round trips, few enough to hold their metas.
constexpr std::size_t pages_listed = 4;
constexpr std::size_t pages_streamed = 8;

std::string name_of(const mail::Folder& folder) {
  return printable(folder.path.empty() ? folder.wire_name : mail::join_path(folder.path));
}

class ImapReader final : public mail::FolderReader {
 public:
  ImapReader(ImapPool& pool, mail::Folder folder, std::stop_token stop)
      : pool_(pool),
        folder_(std::move(folder)),
        where_(fmt::format("{} {}", printable(pool.account().host), name_of(folder_))),
        stop_(std::move(stop)),
        fetch_(pool.tools(), stop_),
        work_(fetch_, where_) {}
  ~ImapReader() override { line_.give_back(); }

  mail::FolderState begin() override;
  void scan(mail::Span span, mail::Chooser& choose, mail::Arrivals& to) override;

 private:
  struct Suspect {
    mail::Meta meta;
    unsigned tries = 0;
    std::string last;  // what the last session died of
  };

  template <class Act>
  void guarded(Act act);
  Error lost(const Error& error);
  void set_aside(imap::Uid uid);

  void open();
  void connect();
  void plan();
  void stream_pages(mail::Arrivals& to);
  void list_some(mail::Chooser& choose, mail::Arrivals& to);
  void choose_items(std::vector<mail::Meta> metas, mail::Chooser& choose, mail::Arrivals& to);
  void try_suspects(mail::Chooser& choose, mail::Arrivals& to);
  bool streamed_already(imap::Uid uid) const {
    return std::binary_search(streamed_.begin(), streamed_.end(), uid);
  }
  void drop_first_page();

  ImapPool& pool_;
  const mail::Folder folder_;
  const std::string where_;
  const std::stop_token stop_;
  ImapPool::Lent line_;
  imap::Selected selected_;  // as of the session's EXAMINE
  mail::FolderState state_;  // as of begin()
  imap::Uid end_ = 0;        // UIDs from here on belong to the next run

  bool started_ = false, planned_ = false, small_steps_ = true;
  mail::Span left_;  // what no page has been finished of
  std::optional<ImapPages> counts_;
  std::deque<ImapPage> pages_;
  std::vector<imap::Uid> streamed_;  // ascending; arrived without listing, on pages that are not finished
  std::set<imap::Uid> set_aside_;    // suspects not listed yet
  std::vector<Suspect> suspects_;
  std::optional<imap::Uid> trying_;  // the suspect that is being tried
  std::optional<Error> incomplete_;  // a listing was; said when everything that was listed has been carried
  ImapFetch fetch_;
  ImapWork work_;
};

// What goes wrong wider than the folder costs the session.
template <class Act>
void ImapReader::guarded(Act act) {
  try {
    if (stop_.stop_requested()) throw Cancelled();
    act();
  } catch (const Error& error) {
    throw lost(error);
  } catch (...) {
    fetch_.forget();
    line_.hang_up();
    throw;
  }
}

Error ImapReader::lost(const Error& error) {
  const std::string_view what = error.what();
  Error out(error.cause, error.blast, error.retry,
            what.starts_with(where_) || what.starts_with(printable(pool_.account().host))
                ? std::string(what)
                : fmt::format("{}: {}", where_, what));
  out.retry_after = error.retry_after;
  out.advice = error.advice;
  out.suspect = error.suspect;
  fetch_.forget();
  if (error.blast < Blast::session) return out;
  const auto uid = line_ ? line_->in_flight() : 0;
  line_.hang_up();
  planned_ = false;
  if (uid != 0 && (error.cause == Cause::network || error.cause == Cause::protocol) &&
      error.blast == Blast::session) {
    out.suspect = std::to_string(uid);
    if (trying_) {
      suspects_.front().last = what;
    } else {
      set_aside(uid);
    }
  }
  return out;
}

void ImapReader::set_aside(imap::Uid uid) {
  auto& items = work_.items();
  if (items.want(uid) != ImapItems::Want::nothing) {
    suspects_.push_back({*items.find(uid), 0, {}});
    items.set(uid, ImapItems::Want::nothing);
  } else if (left_.contains(uid) && !streamed_already(uid)) {
    set_aside_.insert(uid);
  }
}

mail::FolderState ImapReader::begin() {
  guarded([&] {
    open();
    state_ = {std::to_string(selected_.uidvalidity), selected_.uidnext, selected_.exists,
              selected_.highestmodseq};
    end_ = selected_.uidnext;
    if (end_ == 0 && selected_.exists > 0) {
      // Quirk 40: Courier gives no UIDNEXT; the last message's UID is as good.
      const auto last = line_->borders(selected_.exists, selected_.exists);
      if (!last.empty()) end_ = last.front() + 1;
    }
  });
  return state_;
}

// EXAMINE on a session of the pool. One that lay there may have been closed by the server meanwhile: no news,
// a new one.
void ImapReader::open() {
  for (;;) {
    if (!line_) line_ = pool_.borrow(stop_);
    try {
      selected_ = line_->examine(folder_.wire_name);
      return;
    } catch (const Error& error) {
      if (!line_.warm() || error.cause != Cause::network || error.blast != Blast::session) throw;
      line_.hang_up();
    }
  }
}

void ImapReader::connect() {
  if (line_) return;
  open();
  if (std::to_string(selected_.uidvalidity) != state_.epoch) {
    throw Error(Cause::protocol, Blast::folder, Retry::now,
                fmt::format("UIDVALIDITY has changed from {} to {}: all messages have new numbers",
                            state_.epoch, selected_.uidvalidity));
  }
}

void ImapReader::scan(mail::Span span, mail::Chooser& choose, mail::Arrivals& to) {
  guarded([&] {
    connect();
    if (!started_) left_ = span;
    started_ = true;
    plan();
    if (!work_.items().empty()) {
      work_.run(*line_, choose, to);
      work_.items().clear();
    }
    while (!pages_.empty()) {
      if (choose.wants_all() && !pages_.front().must_list) {
        stream_pages(to);
      } else {
        list_some(choose, to);
      }
    }
    try_suspects(choose, to);
    if (incomplete_) throw *incomplete_;
  });
  to.span_done(span);
}

// Pages over what is left. After a lost session the first is listed, whatever it was: a stream has no memory
// of what killed it.
void ImapReader::plan() {
  if (planned_) return;
  const bool again = counts_.has_value();
  const auto expunged = static_cast<std::uint32_t>(line_->take_expunged().size());
  const auto exists = selected_.exists - std::min(selected_.exists, expunged);
  const auto borders =
      exists > ImapPage::messages ? line_->borders(exists, ImapPage::messages) : std::vector<imap::Uid>{};
  counts_.emplace(exists, selected_.uidnext != 0 ? selected_.uidnext : end_, borders);
  pages_.clear();
  const auto last = end_ == 0 ? left_.last : std::min(left_.last, end_ - 1);
  if (exists > 0 && left_.first <= last) pages_ = counts_->cut({left_.first, last});
  if (again && !pages_.empty()) pages_.front().must_list = true;
  for (auto& page : pages_) {
    const auto at = std::lower_bound(streamed_.begin(), streamed_.end(), page.uids.first);
    const bool touched = at != streamed_.end() && *at <= page.uids.last;
    const auto aside = set_aside_.lower_bound(page.uids.first);
    if (touched || (aside != set_aside_.end() && *aside <= page.uids.last)) page.must_list = true;
  }
  planned_ = true;
}

void ImapReader::drop_first_page() {
  const auto last = pages_.front().uids.last;
  left_ = last < left_.last ? mail::Span{last + 1, left_.last} : mail::Span{1, 0};
  const auto end = std::upper_bound(streamed_.begin(), streamed_.end(), last);
  streamed_.erase(streamed_.begin(), end);
  pages_.pop_front();
}

// Nothing is held: bodies first, and the count of what came is the check. What is not as EXISTS promised is
// listed.
void ImapReader::stream_pages(mail::Arrivals& to) {
  std::vector<mail::Span> spans;
  for (const auto& page : pages_) {
    if (page.must_list || spans.size() == (small_steps_ ? 1 : pages_streamed)) break;
    spans.push_back(page.uids);
  }
  small_steps_ = false;  // the first page tells what the server is like
  std::vector<std::uint32_t> came(spans.size());
  // As of before the stream: what comes and is then expunged must not stand for what does not come.
  const auto before = *counts_;
  std::vector<bool> whole(spans.size());
  std::size_t at = 0;
  mail::Meta blank;
  blank.ref.epoch = state_.epoch;

  const auto wanted = [&](const imap::Fetched& items, bool complete) -> const mail::Meta* {
    if (items.uid == 0) return complete ? nullptr : &blank;
    while (at > 0 && items.uid < spans[at].first) --at;
    while (at + 1 < spans.size() && items.uid > spans[at].last) ++at;
    if (!spans[at].contains(items.uid) || set_aside_.contains(items.uid) || streamed_already(items.uid))
      return nullptr;
    if (complete && !items.has_flags) return nullptr;  // they come apart: the listing puts them together
    blank.ref.number = items.uid;
    return &blank;
  };
  const auto deliver = [&](mail::Message message) {
    const auto uid = message.meta.ref.number;
    streamed_.insert(streamed_.empty() || streamed_.back() < uid
                         ? streamed_.end()
                         : std::lower_bound(streamed_.begin(), streamed_.end(), uid),
                     uid);
    ++came[at];
    to.listed(1);
    to.arrived(std::move(message));
  };
  fetch_.expect(wanted, deliver, [&](const std::string& text) { to.note(text); });
  line_->fetch_bodies(spans, fetch_, [&](std::size_t span, bool ok) { whole[span] = ok; });
  note_expunged(*line_, *counts_);

  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto expected = before.expected(pages_.front());
    if (!whole[i] || !expected || came[i] < *expected) {
      for (std::size_t rest = 0; rest < spans.size() - i; ++rest) pages_[rest].must_list = true;
      return;
    }
    drop_first_page();
  }
}

void ImapReader::list_some(mail::Chooser& choose, mail::Arrivals& to) {
  std::vector<ImapPage> pages;
  for (const auto& page : pages_) {
    if (pages.size() == pages_listed || (choose.wants_all() && !page.must_list)) break;
    pages.push_back(page);
  }
  auto [metas, incomplete] = list_pages(*line_, *counts_, pages, state_.epoch);
  if (incomplete && !incomplete_) incomplete_ = std::move(incomplete);
  std::erase_if(metas, [&](const mail::Meta& meta) { return streamed_already(meta.ref.number); });
  for (std::size_t i = 0; i < pages.size(); ++i) drop_first_page();
  choose_items(std::move(metas), choose, to);
  work_.run(*line_, choose, to);
  work_.items().clear();
}

void ImapReader::choose_items(std::vector<mail::Meta> metas, mail::Chooser& choose, mail::Arrivals& to) {
  if (metas.empty()) return;
  to.listed(metas.size());
  std::vector<mail::Choice> choices, page;
  if (choose.wants_all()) {
    choices.assign(metas.size(), mail::Choice::fetch);
  } else {
    for (std::size_t from = 0; from < metas.size(); from += ImapPage::messages) {
      const auto count = std::min<std::size_t>(ImapPage::messages, metas.size() - from);
      choose.choose(std::span(metas).subspan(from, count), page);
      choices.insert(choices.end(), page.begin(), page.end());
    }
  }
  for (std::size_t i = 0; i < metas.size(); ++i) {
    if (set_aside_.erase(metas[i].ref.number) == 0 || choices[i] == mail::Choice::leave) continue;
    suspects_.push_back({metas[i], 0, {}});
    choices[i] = mail::Choice::leave;  // for now
  }
  work_.items().assign(std::move(metas), choices);
}

// Last, alone, twice: a message that kills every session must not hide those behind it.
void ImapReader::try_suspects(mail::Chooser& choose, mail::Arrivals& to) {
  while (!suspects_.empty()) {
    auto& suspect = suspects_.front();
    const auto uid = suspect.meta.ref.number;
    if (suspect.tries == 2) {
      const Error why(
          Cause::network, Blast::message, Retry::never,
          fmt::format("{} uid {}: every session that reads it dies ({})", where_, uid, suspect.last));
      const auto meta = std::move(suspect.meta);
      suspects_.erase(suspects_.begin());
      to.unavailable(meta, {}, mail::Outcome::failed, &why);
      continue;
    }
    ++suspect.tries;
    trying_ = uid;
    work_.items().assign({suspect.meta}, {mail::Choice::fetch});
    try {
      work_.run(*line_, choose, to);
    } catch (const Error& error) {
      work_.items().clear();
      const auto out = lost(error);
      if (out.suspect.empty()) --suspects_.front().tries;  // it was not the message's fault
      trying_.reset();
      throw out;
    }
    trying_.reset();
    work_.items().clear();
    suspects_.erase(suspects_.begin());
  }
}

}  // namespace

std::unique_ptr<mail::FolderReader> imap_reader(ImapPool& pool, mail::Folder folder, std::stop_token stop) {
  return std::make_unique<ImapReader>(pool, std::move(folder), std::move(stop));
}

}  // namespace postferry::endpoints
