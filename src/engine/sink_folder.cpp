#include "sink_folder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "names.h"
#include "repair.h"

namespace postferry::engine {
namespace {

constexpr std::size_t headers_at_once = 500;
// A server may still finish what it had begun when the run before was killed.
constexpr std::chrono::seconds settling_time{3};

std::string name_of(const mail::FolderPath& path) {
  mail::Folder folder;
  folder.path = path;
  return folder_name(folder);
}

template <class Pairs, class Key>
auto with_key(const Pairs& sorted, const Key& key) {
  struct Less {
    bool operator()(const typename Pairs::value_type& a, const Key& b) const { return a.first < b; }
    bool operator()(const Key& a, const typename Pairs::value_type& b) const { return a < b.first; }
  };
  return std::equal_range(sorted.begin(), sorted.end(), key, Less{});
}

}  // namespace

SinkFolder::SinkFolder(PushWorld& world, mail::FolderPath path) : world_(world) {
  be_called(std::move(path));
}

void SinkFolder::be_called(mail::FolderPath path) {
  path_ = std::move(path);
  name_ = name_of(path_);
  key_ = {world_.to, world_.destination.wire_name(path_)};
}

void SinkFolder::make(bool subscribe) {
  Patience patience(world_.limits, world_.clock, world_.events);
  auto made = persist(patience, world_.stop,
                      [&] { return world_.destination.ensure(path_, subscribe, world_.stop); });
  if (made.path != path_) {
    const auto wished = name_;
    be_called(std::move(made.path));
    world_.events.on(mail::event::Note{
        wished, fmt::format("the server refuses this name; the folder is called {} there", name_)});
  }
  if (!made.not_subscribed.empty())
    world_.events.on(mail::event::Note{name_, "was not subscribed to: " + made.not_subscribed});
}

void SinkFolder::prepare_ahead(bool subscribe) noexcept {
  try {
    prepare(subscribe);
  } catch (...) {
    const std::lock_guard mine(turn_);
    failed_ahead_ = std::current_exception();
  }
}

void SinkFolder::prepare(bool subscribe) {
  const std::lock_guard mine(turn_);
  if (prepared_) return;
  if (failed_ahead_) std::rethrow_exception(std::exchange(failed_ahead_, {}));
  make(subscribe);
  const auto note = world_.ledger.note(key_);
  const bool was_left_open = note && note->open;
  if (was_left_open) world_.clock.sleep_for(settling_time, world_.stop);
  survey();
  believe_settlements();
  // A run that sends nothing more closes nothing either, and every later one would wait again.
  if (was_left_open) world_.ledger.close(key_, epoch_, std::max(next_, inventory_.next()));
  prepared_ = true;
}

void SinkFolder::survey() {
  Patience patience(world_.limits, world_.clock, world_.events);
  PushSession session(world_.destination, path_, mail::Opening::afresh, name_, patience, world_.stop, world_.stop);
  session.run([&](mail::DestinationFolder& folder) {
    inventory_.clear();
    shared_.clear();
    damaged_.clear();
    const auto& now = session.state();
    epoch_ = now.epoch;
    next_ = now.next;
    if (now.exists > 0) folder.survey(1, [&](const mail::Found& found) { inventory_.add_stray(found); });
  });
}

void SinkFolder::believe_settlements() {
  std::uint32_t highest = 0;
  std::set<mail::LaneId> lanes;
  world_.ledger.settlements(key_, [&](mail::LaneId lane, const mail::Settled& one) {
    highest = std::max(highest, one.number);
    lanes.insert(lane);
  });
  learn_header_habit();
  if (all_are_void(highest)) return unsettle_all();
  std::map<mail::LaneId, mail::AccountId> others;
  for (const auto lane : lanes) {
    auto account = world_.ledger.account_of(lane);
    if (account != world_.from) others.emplace(lane, std::move(account));
  }
  world_.ledger.settlements(key_, [&](mail::LaneId lane, const mail::Settled& one) {
    if (one.number == 0 || one.shared || !inventory_.reserve(one.number, one.size, lane)) return;
    if (one.damaged) damaged(one.number);
    const auto other = others.find(lane);
    if (other == others.end()) return;
    shared_.add(one.number, one.merge, other->second, world_.options.merge_with.contains(other->second));
  });
}

// Also of what is gone from there: that this server changes headers it has shown once.
void SinkFolder::learn_header_habit() {
  world_.ledger.settlements(key_, [&](mail::LaneId, const mail::Settled& one) {
    if (one.damaged || (one.altered & mended_beforehand) != 0)
      world_.header_habit->is = HeaderHabit::Is::changes;
  });
}

bool SinkFolder::confirm(std::uint32_t number, std::uint64_t size, bool is_shared, mail::LaneId lane) {
  if (!is_shared) return inventory_.take_reserved(number, size, lane);
  return !world_.options.keep_all && inventory_.has(number, size) && shared_.take(number);
}

bool SinkFolder::may_confirm(std::uint32_t number, bool is_shared, mail::LaneId lane) const {
  if (!is_shared) return inventory_.is_reserved(number, lane);
  return !world_.options.keep_all && inventory_.has(number) && shared_.is_free(number);
}

// A folder that was deleted and made again may come back under the UIDVALIDITY it had (Dovecot, within a
// second). But a UID lies below UIDNEXT, which never falls (RFC 3501, 2.3.1.1): what was settled above it lay
// in another folder.
bool SinkFolder::all_are_void(std::uint32_t highest_settled) const {
  const auto note = world_.ledger.note(key_);
  if (!note || note->epoch != epoch_) return true;
  return next_ != 0 && (next_ < note->mark || next_ <= highest_settled);
}

// Durable before anything is written: numbers that are used again must not meet the settlements of before.
void SinkFolder::unsettle_all() {
  std::map<mail::LaneId, std::vector<mail::MessageRef>> all;
  world_.ledger.settlements(
      key_, [&](mail::LaneId lane, const mail::Settled& one) { all[lane].push_back(one.source); });
  for (const auto& [lane, refs] : all) world_.ledger.unsettle(lane, refs);
}

std::optional<std::uint32_t> SinkFolder::recognise(mail::DestinationFolder& folder, mail::LaneId lane,
                                                   const mail::MessageRef& source,
                                                   const mail::Digests& digests) {
  if (const auto number = recognise_own(lane, source, digests.canonical)) return number;
  return recognise_stray(folder, digests);
}

std::optional<std::uint32_t> SinkFolder::recognise_stray(mail::DestinationFolder& folder,
                                                         const mail::Digests& digests) {
  index_strays(folder);
  return take_stray(strays_by_header_, digests.header,
                    [&](std::uint32_t number) { return holds(folder, number, digests.canonical); });
}

std::optional<std::uint32_t> SinkFolder::recognise_marked(mail::DestinationFolder& folder,
                                                          const mail::Digests& unmarked) {
  index_strays(folder);
  return take_stray(strays_by_header_, unmarked.header, [&](std::uint32_t number) {
    canonical_of(folder, number);
    const auto original = originals_.find(number);
    return original != originals_.end() && original->second == unmarked.canonical;
  });
}

std::optional<std::uint32_t> SinkFolder::recognise_merged(mail::DestinationFolder& folder,
                                                          const mail::Digests& digests) {
  if (!digests.match) return std::nullopt;
  index_strays(folder);
  return take_stray(strays_by_key_, *digests.match, [&](std::uint32_t number) {
    canonical_of(folder, number);
    const auto merge = merges_.find(number);
    return merge != merges_.end() && merge->second == digests.merge;
  });
}

template <class Index, class Key, class Fits>
std::optional<std::uint32_t> SinkFolder::take_stray(const Index& index, const Key& key, const Fits& fits) {
  const auto [begin, end] = with_key(index, key);
  for (auto candidate = begin; candidate != end; ++candidate) {
    const auto number = candidate->second;
    if (inventory_.is_stray(number) && fits(number) && inventory_.take_stray(number)) return number;
  }
  return std::nullopt;
}

// The source has new names for what it had (a new UIDVALIDITY, other UIDLs), or the message was moved away
// and back. A copy that one of this lane's settlements claims, and no listed message has confirmed yet, may
// be taken over; should its owner come later after all, he is wanted again and finds or makes a copy of his
// own: the number of copies is right either way, because their content is the same.
std::optional<std::uint32_t> SinkFolder::recognise_own(mail::LaneId lane, const mail::MessageRef& source,
                                                       const mail::CanonicalId& content) {
  auto known = own_.find(lane);
  if (known == own_.end()) known = own_.emplace(lane, unconfirmed(lane)).first;
  const auto [begin, end] = with_key(known->second, content);
  for (auto one = begin; one != end; ++one) {
    if (!inventory_.take_reserved(one->second, 0, lane)) continue;
    moved(lane, one->second, mail::lasting(source, one->second));
    return one->second;
  }
  return std::nullopt;
}

std::vector<SinkFolder::Owned> SinkFolder::unconfirmed(mail::LaneId lane) {
  std::vector<Owned> found;
  world_.ledger.settlements(key_, [&](mail::LaneId of, const mail::Settled& one) {
    if (of == lane && !one.shared && inventory_.is_reserved(one.number, lane))
      found.emplace_back(one.canonical, one.number);
  });
  std::sort(found.begin(), found.end());
  return found;
}

// Strays come in ascending order, so what is new lies above what is known. Goes on where a lost session left
// it.
void SinkFolder::index_strays(mail::DestinationFolder& folder) {
  if (inventory_.next() > indexed_below_) {
    const auto unknown = inventory_.strays(indexed_below_);
    for (std::size_t at = 0; at < unknown.size(); at += headers_at_once) {
      const auto some = std::span(unknown).subspan(at, std::min(headers_at_once, unknown.size() - at));
      std::vector<Headed> found;
      std::vector<Keyed> keyed;
      folder.headers(some, [&](std::uint32_t number, const mail::HeaderId& header,
                               const std::optional<mail::MatchKey>& key) {
        found.emplace_back(header, number);
        if (key && merges()) keyed.emplace_back(*key, number);
      });
      strays_by_header_.insert(strays_by_header_.end(), found.begin(), found.end());
      strays_by_key_.insert(strays_by_key_.end(), keyed.begin(), keyed.end());
      strays_sorted_ = false;
      indexed_below_ = some.back() + 1;
    }
    indexed_below_ = inventory_.next();
  }
  if (std::exchange(strays_sorted_, true)) return;
  std::sort(strays_by_header_.begin(), strays_by_header_.end());
  std::sort(strays_by_key_.begin(), strays_by_key_.end());
}

std::optional<mail::CanonicalId> SinkFolder::canonical_of(mail::DestinationFolder& folder,
                                                          std::uint32_t number) {
  if (const auto known = contents_.find(number); known != contents_.end()) return known->second;
  std::optional<mail::CanonicalId> content;
  try {
    content = folder.canonical_of(number);
  } catch (const Error& error) {
    // Unreadable there: it proves nothing, so the message is sent.
    if (error.blast != Blast::message) throw;
  }
  if (!content) return content;
  contents_.emplace(number, *content);
  if (const auto original = folder.original_of(number)) originals_.emplace(number, *original);
  if (merges()) {
    if (const auto merge = folder.merge_of(number)) merges_.emplace(number, *merge);
  }
  return content;
}

bool SinkFolder::holds(mail::DestinationFolder& folder, std::uint32_t number,
                       const mail::CanonicalId& content) {
  if (canonical_of(folder, number) == content) return true;
  const auto original = originals_.find(number);
  return original != originals_.end() && original->second == content;
}

void SinkFolder::note_open() {
  if (noted_) return;
  world_.ledger.open(key_, epoch_, std::max(next_, inventory_.next()));
  noted_ = true;
}

void SinkFolder::writer_ends() {
  if (--writers_ > 0 || failed_ || !noted_) return;
  forget_moved();
  world_.ledger.close(key_, epoch_, std::max(next_, inventory_.next()));
  noted_ = false;
}

// The references that lost their copy to another one: two settlements must not name one message for good.
void SinkFolder::forget_moved() {
  if (moved_.empty()) return;
  std::map<mail::LaneId, std::vector<mail::MessageRef>> gone;
  world_.ledger.settlements(key_, [&](mail::LaneId lane, const mail::Settled& one) {
    const auto moved = moved_.find({lane, one.number});
    if (moved != moved_.end() && !(moved->second == one.source)) gone[lane].push_back(one.source);
  });
  for (const auto& [lane, refs] : gone) world_.ledger.unsettle(lane, refs);
  moved_.clear();
}

bool SinkFolder::keeps_content(mail::DestinationFolder& folder) {
  if (!keeps_content_ && sample_) {
    if (const auto there = folder.canonical_of(sample_->first)) keeps_content_ = *there == sample_->second;
  }
  return keeps_content_.value_or(false);
}

void SinkFolder::keyword_dropped(const std::string& keyword) {
  const std::lock_guard lock(dropped_mutex_);
  ++dropped_[keyword];
}

void SinkFolder::tell_dropped_keywords() {
  const std::lock_guard lock(dropped_mutex_);
  for (const auto& [keyword, messages] : dropped_) {
    world_.events.on(mail::event::Note{
        name_, fmt::format("the server takes no keyword \"{}\": {} messages are there without it",
                           printable(keyword), messages)});
  }
  dropped_.clear();
}

}  // namespace postferry::engine
