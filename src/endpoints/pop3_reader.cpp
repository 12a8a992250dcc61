#include "pop3_reader.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/digester.h>

#include "connection.h"
#include "pop3_fetch.h"
#include "pop3_listing.h"
#include "seen_uidls.h"

namespace postferry::endpoints {
namespace {

constexpr std::size_t page_messages = 1000;
// Of a drop whose sizes are not known to be true or false yet, no more is fetched at once: each that turns
// out to be wrong is fetched a second time.
constexpr std::size_t sizes_tried = 16;
constexpr unsigned suspect_tries = 2;
constexpr unsigned refusals_borne = 2;

class Pop3Reader final : public mail::FolderReader {
 public:
  Pop3Reader(const config::Account& account, const Tools& tools, Pop3Lines& lines, std::stop_token stop)
      : account_(account),
        lines_(lines),
        is_wanted_after_(tools.stays_signed_in),
        stop_(stop),
        fetch_(tools, std::move(stop)),
        shows_batches_(is_known_for_batches()) {}
  ~Pop3Reader() override {
    if (!line_.session) return;
    is_wanted_after_ ? lines_.give_back(std::move(line_)) : lines_.leave(std::move(line_));
  }

  mail::FolderState begin() override {
    on_the_line([&] { ready(); });
    return {std::string(mail::pop3_epoch), 0, static_cast<std::uint32_t>(drops_.size()), 0, shows_batches_};
  }

  void scan(mail::Span span, mail::Chooser& choose, mail::Arrivals& to) override {
    on_the_line([&] {
      do {
        if (!ready_to_look(to)) break;
        say_how_they_are_known(to);
        foresee(choose);
        do answer_pending(choose, to);
        while (announce_page(span, choose, to));
      } while (must_look_again());
      while (!suspects_.empty()) try_suspect(to);
      give_up_missing(to);
    });
    if (!incomplete_.empty())  // what was listed has been read; of the rest nobody knows
      throw at_host(account_.host, Error(Cause::protocol, Blast::folder, Retry::never, incomplete_));
    to.span_done(span);
  }

 private:
  // A suspect killed the session that fetched it.
  struct Suspect {
    Pop3Item item;
    unsigned tries = 0;
  };

  // Gmail shows some hundred messages a session, the oldest first, and the next when those were fetched.
  bool is_known_for_batches() const {
    const auto& quirks = account_.quirks;
    return account_.host.ends_with(".gmail.com") || account_.host.ends_with(".googlemail.com") ||
           std::find(quirks.begin(), quirks.end(), "pop3-batches") != quirks.end();
  }

  // Whatever is thrown costs the session; what was in flight then is set aside.
  template <class Act>
  void on_the_line(Act&& act) {
    try {
      if (stop_.stop_requested()) throw Cancelled();
      act();
    } catch (const Error& error) {
      auto named = at_host(account_.host, error);
      named.suspect = lose_session(error.blast == Blast::session);
      throw named;
    } catch (...) {
      lose_session(false);
      throw;
    }
  }

  std::string lose_session(bool blame) {
    const auto in_flight = line_.session ? line_.session->in_flight() : std::nullopt;
    line_ = {};
    forget_listing();
    fetch_.discard();
    if (!blame || !in_flight) return {};
    const auto hit = std::find_if(pending_.begin(), pending_.end(), [&](const Pop3Item& item) {
      return !item.answered && item.number == in_flight->number;
    });
    if (hit == pending_.end())
      return suspects_.empty() ? std::string() : suspects_.front().item.meta.ref.uidl;
    hit->compare = false;
    suspects_.push_back({std::move(*hit), 0});
    pending_.erase(hit);
    return suspects_.back().item.meta.ref.uidl;
  }

  // Message numbers are those of a session; what was announced is remembered.
  void forget_listing() {
    std::vector<std::string_view> announced;
    for (const auto& drop : std::span(drops_).first(at_)) {
      if (!drop.uidl.empty() && !seen_.contains(drop.uidl)) announced.push_back(drop.uidl);
    }
    for (const auto uidl : announced) seen_.add(uidl);
    std::vector<pop3::Drop>().swap(drops_);  // it would keep its memory while the next one is read
    at_ = 0;
    listed_ = false;
  }

  void ready() {
    if (!line_.session) line_ = lines_.borrow(stop_);
    if (listed_) return;
    auto listing = pop3_listing(*line_.session, std::exchange(line_.listing, {}));
    const bool first = announced_ == 0;
    if (first) unsound_ = listing.unsound;
    incomplete_ = listing.incomplete;
    drops_ = std::move(listing.drops);
    at_ = 0;
    listed_ = true;
    if (first) {
      sizes_.clear();
      for (const auto& drop : drops_) sizes_.push_back(drop.size);
    } else if (!unsound_.empty() || !listing.unsound.empty() || all_uidls_are_others()) {
      pass_over_the_same();
    }
    place();
  }

  // Every UIDL that was announced is gone, and yet the drop looks as it did.
  bool all_uidls_are_others() {
    if (announced_ == 0 || drops_.empty() || shows_batches_ || !has_old_sizes()) return false;
    return std::none_of(drops_.begin(), drops_.end(),
                        [&](const pop3::Drop& drop) { return seen_.contains(drop.uidl); });
  }

  bool has_old_sizes() const {
    return std::equal(drops_.begin(), drops_.end(), sizes_.begin(), sizes_.end(),
                      [](const pop3::Drop& drop, const auto& size) { return drop.size && drop.size == size; });
  }

  // Nothing tells which message of another session is which: guessing could fetch one twice and another never. What
  // looks just as before, when all was fetched, is what was fetched; anything else is for the next run, which knows
  // by headers and content what it has.
  void pass_over_the_same() {
    const bool is_done = pending_.empty() && suspects_.empty() && missing_.empty() && announced_ == sizes_.size();
    if (is_done && has_old_sizes()) {
      at_ = drops_.size();
      return;
    }
    throw Error(Cause::protocol, Blast::folder, Retry::never,
                fmt::format("the session ended before all was read, or the drop changed, and its messages cannot be "
                            "told apart from one session to the next ({}); the next run goes on",
                            unsound_.empty() ? "all UIDLs have changed" : unsound_));
  }

  // Message numbers are those of a session: gives what is still to be fetched its number in this one.
  void place() {
    if (!unsound_.empty() || (pending_.empty() && suspects_.empty() && missing_.empty())) return;
    std::unordered_map<std::string_view, unsigned> numbers;
    numbers.reserve(drops_.size());
    for (const auto& drop : drops_) numbers.emplace(drop.uidl, drop.number);
    const auto find = [&](Pop3Item& item) {
      const auto found = numbers.find(item.meta.ref.uidl);
      item.number = found == numbers.end() ? 0 : found->second;
      return item.number != 0;
    };
    std::move(missing_.begin(), missing_.end(), std::back_inserter(pending_));
    missing_.clear();
    const auto gone = std::stable_partition(pending_.begin(), pending_.end(), find);
    std::move(gone, pending_.end(), std::back_inserter(missing_));
    pending_.erase(gone, pending_.end());
    for (auto& suspect : suspects_) find(suspect.item);
  }

  // False: there was to be one more look, and the server wants more time before it.
  bool ready_to_look(mail::Arrivals& to) {
    try {
      ready();
      return true;
    } catch (const Error& error) {
      // A server that shows all it has, as all but Gmail do, has shown it; waiting for the second look would
      // make every backup from one that enforces LOGIN-DELAY end late or not at all.
      if (!looking_again_ || shows_batches_ || !pending_.empty() || !pop3::is_login_delay(error)) throw;
      to.note(
          fmt::format("{}: the server allows no second look so soon; it is taken to have shown everything",
                      printable(account_.host)));
      return false;
    }
  }

  void say_how_they_are_known(mail::Arrivals& to) {
    if (unsound_.empty() || std::exchange(said_, true)) return;
    to.note(fmt::format("{}: messages are known by header and size, or by their content", unsound_));
  }

  void foresee(mail::Chooser& choose) const {
    if (choose.wants_all()) return;
    for (const auto& drop : drops_) {
      if (!drop.uidl.empty()) choose.foresee(drop.uidl, drop.size);
    }
  }

  // The next messages that were not seen before. False: this session shows none.
  bool announce_page(const mail::Span& span, mail::Chooser& choose, mail::Arrivals& to) {
    std::vector<mail::Meta> metas;
    std::vector<unsigned> numbers;
    for (; at_ < drops_.size() && metas.size() < page_messages; ++at_) {
      const auto& drop = drops_[at_];
      if (!drop.uidl.empty() && seen_.contains(drop.uidl)) continue;
      const auto ordinal = ++announced_;
      if (!span.contains(ordinal)) continue;
      auto& meta = metas.emplace_back();
      meta.ref = {std::string(mail::pop3_epoch), ordinal, drop.uidl};
      meta.size = drop.size;
      numbers.push_back(drop.number);
    }
    if (metas.empty()) return false;
    if (looking_again_) shows_batches_ = true;
    to.listed(metas.size());
    std::vector<mail::Choice> choices(metas.size(), mail::Choice::fetch);
    if (!choose.wants_all()) choose.choose(metas, choices);
    for (std::size_t i = 0; i < metas.size(); ++i) {
      if (choices[i] == mail::Choice::leave) continue;
      auto& item = pending_.emplace_back();
      item.meta = std::move(metas[i]);
      item.number = numbers[i];
      item.compare = choices[i] == mail::Choice::compare_header;
    }
    return true;
  }

  void answer_pending(mail::Chooser& choose, mail::Arrivals& to) {
    while (!pending_.empty() && !line_.session->is_leaving()) {
      const std::span<Pop3Item> batch(pending_);
      struct Forget {  // also when the session dies half way: what was answered must not be asked for again
        std::vector<Pop3Item>& pending;
        ~Forget() {
          std::erase_if(pending, [](const Pop3Item& item) { return item.answered; });
        }
      } forget{pending_};
      for (auto& item : batch) {
        if (item.refusals >= refusals_borne) fetch_.give_up(*line_.session, item, to);
      }
      fetch_.compare_headers(*line_.session, batch, choose);
      const auto before = fetch_.arrived();
      Pop3Fetch::Bulk how{[this] { return fetch_.sizes_are_known() ? pending_.size() : sizes_tried; }, {}};
      // Not where another session may not show what this one has (batches), or does not tell which is which.
      if (at_ == drops_.size() && unsound_.empty() && !shows_batches_)
        how.nearly_done = [this] { lines_.dial_ahead(stop_); };
      fetch_.bodies(*line_.session, batch, to, how);
      fetched_ = fetched_ || fetch_.arrived() > before;
    }
  }

  // After a session that brought something, until one shows nothing new; and after one that was left before all was answered.
  bool must_look_again() {
    if (!std::exchange(fetched_, false) && !line_.session->is_leaving()) return false;
    lines_.leave(std::exchange(line_, {}));
    forget_listing();
    looking_again_ = true;
    return true;
  }

  void try_suspect(mail::Arrivals& to) {
    auto& suspect = suspects_.front();
    ready();
    if (suspect.item.number == 0) {
      missing_.push_back(std::move(suspect.item));
    } else if (suspect.tries == suspect_tries) {
      const Error why(
          Cause::network, Blast::message, Retry::never,
          fmt::format("every session died while UIDL {} was read", printable(suspect.item.meta.ref.uidl)));
      to.unavailable(suspect.item.meta, {}, mail::Outcome::failed, &why);
    } else {
      ++suspect.tries;
      fetch_.bodies(*line_.session, {&suspect.item, 1}, to, {});
      if (!suspect.item.answered && suspect.item.refusals >= refusals_borne)
        fetch_.give_up(*line_.session, suspect.item, to);
      if (!suspect.item.answered) {  // it was refused, or came otherwise than announced: that is no death
        --suspect.tries;
        return;
      }
    }
    suspects_.erase(suspects_.begin());
  }

  // Listed once, and not any more.
  void give_up_missing(mail::Arrivals& to) {
    while (!missing_.empty()) {
      const auto item = std::move(missing_.back());
      missing_.pop_back();
      if (!shows_batches_ && incomplete_.empty()) {
        to.unavailable(item.meta, {}, mail::Outcome::vanished, nullptr);
        continue;
      }
      // It may be there, in a batch or a part of the list that we are not shown.
      const Error why(Cause::missing, Blast::message, Retry::later,
                      "the server does not show it any more in this run");
      to.unavailable(item.meta, {}, mail::Outcome::failed, &why);
    }
  }

  const config::Account& account_;
  Pop3Lines& lines_;
  const bool is_wanted_after_;  // the session
  const std::stop_token stop_;
  Pop3Fetch fetch_;
  Pop3Line line_;
  std::vector<pop3::Drop> drops_;  // of this session
  std::size_t at_ = 0;             // in drops_: before it all were seen
  std::string unsound_;            // why UIDLs do not serve in this run
  std::string incomplete_;         // what is wrong with the last listing
  std::vector<std::optional<std::uint64_t>> sizes_;  // of the first listing
  std::uint32_t announced_ = 0;
  bool listed_ = false, said_ = false, looking_again_ = false, fetched_ = false, shows_batches_;
  SeenUidls seen_;                         // those announced before this session
  std::vector<Pop3Item> pending_;          // announced, not answered for
  std::vector<Pop3Item> missing_;          // the same, and not in this session's listing
  std::vector<Suspect> suspects_;
};

}  // namespace

std::unique_ptr<mail::FolderReader> pop3_reader(const config::Account& account, const Tools& tools,
                                                Pop3Lines& lines, std::stop_token stop) {
  return std::make_unique<Pop3Reader>(account, tools, lines, std::move(stop));
}

}  // namespace postferry::endpoints
