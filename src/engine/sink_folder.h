#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <postferry/engine/push.h>

#include "eight_bit.h"
#include "inventory.h"
#include "push_session.h"
#include "shared_copies.h"

namespace postferry::engine {

// What the parts of a push share.
struct PushWorld {
  mail::AccountId from, to;
  mail::Destination& destination;
  mail::PushLedger& ledger;
  PushOptions options;
  const Limits& limits;
  Clock& clock;
  mail::EventSink& events;
  std::stop_token stop;
  mail::DestinationTraits traits{};
  std::unique_ptr<HeaderHabit> header_habit = std::make_unique<HeaderHabit>();
};

// One folder of the destination, shared by all lanes into it: what is there, whose it is, and the turn to
// write. Everything else than inventory(), prepare() and the keywords is for whoever has the turn.
class SinkFolder {
 public:
  SinkFolder(PushWorld& world, mail::FolderPath path);

  // The first to come creates the folder if need be, surveys it and believes of the ledger what still holds.
  void prepare(bool subscribe);
  // The same while the source's folder is still being opened. What goes wrong is thrown by prepare().
  void prepare_ahead(bool subscribe) noexcept;
  // Of the folder as it is called there: after prepare().
  const mail::FolderPath& path() const { return path_; }
  const std::string& name() const { return name_; }
  const mail::FolderKey& key() const { return key_; }
  const std::string& epoch() const { return epoch_; }

  Inventory& inventory() { return inventory_; }

  // Does this settlement of the lane hold, and has no other message been told so? Then it is taken. Any
  // thread.
  bool confirm(std::uint32_t number, std::uint64_t size, bool is_shared, mail::LaneId lane);
  bool may_confirm(std::uint32_t number, bool is_shared, mail::LaneId lane) const;
  SharedCopies& shared() { return shared_; }  // any thread

  // Sending a batch and noting its answers is one turn, so that nobody takes another lane's unanswered
  // APPENDs for strays.
  std::unique_lock<std::mutex> turn(PushSession& session) { return session.lock(turn_); }

  // Is this message there already, and nobody's? One that is, is taken: its number. By content alone: two
  // messages with equal headers and sizes may differ in the body. May be begun anew after an error.
  std::optional<std::uint32_t> recognise(mail::DestinationFolder& folder, mail::LaneId lane,
                                         const mail::MessageRef& source, const mail::Digests& digests);
  // Of those that no settlement claims.
  std::optional<std::uint32_t> recognise_stray(mail::DestinationFolder& folder, const mail::Digests& digests);
  // Of those that another tool has marked, by what they were before; `unmarked`: of
  // DestinationFolder::unmarked().
  std::optional<std::uint32_t> recognise_marked(mail::DestinationFolder& folder,
                                                const mail::Digests& unmarked);
  // Of those that differ in trace fields alone, where several accounts are merged: nobody knows which of them
  // brought it. Each is taken once, so that as many lie there as the account with the most of them has.
  std::optional<std::uint32_t> recognise_merged(mail::DestinationFolder& folder,
                                                const mail::Digests& digests);

  // It lies there with another header than it was given.
  void damaged(std::uint32_t number) { damaged_.insert(number); }
  bool is_damaged(std::uint32_t number) const { return damaged_.contains(number); }
  // Fetched once and remembered; nothing: it cannot be read.
  std::optional<mail::CanonicalId> canonical_of(mail::DestinationFolder& folder, std::uint32_t number);
  bool holds(mail::DestinationFolder& folder, std::uint32_t number, const mail::CanonicalId& content);

  // A reserved message has a new reference at its source; the old one is forgotten when the folder is closed.
  void moved(mail::LaneId lane, std::uint32_t number, mail::MessageRef now) {
    moved_.insert_or_assign({lane, number}, std::move(now));
  }

  void note_open();  // durable; before the first APPEND or settlement of a run
  void writer_starts() { ++writers_; }
  // The last one to end well closes the folder in the ledger, unless one of them failed: then something may
  // be in doubt.
  void writer_ends();
  void writer_fails() noexcept { --writers_, failed_ = true; }

  // Says whether this destination changes what it is given: a message that was sent, and its number.
  void remember_sample(std::uint32_t number, const mail::CanonicalId& sent) { sample_ = {number, sent}; }
  bool keeps_content(mail::DestinationFolder& folder);

  // Any thread.
  void keyword_dropped(const std::string& keyword);
  void tell_dropped_keywords();

 private:
  using Owned = std::pair<mail::CanonicalId, std::uint32_t>;
  using Headed = std::pair<mail::HeaderId, std::uint32_t>;
  using Keyed = std::pair<mail::MatchKey, std::uint32_t>;

  void make(bool subscribe);
  void be_called(mail::FolderPath path);
  void survey();
  void believe_settlements();
  void learn_header_habit();
  bool all_are_void(std::uint32_t highest_settled) const;
  void unsettle_all();
  std::optional<std::uint32_t> recognise_own(mail::LaneId lane, const mail::MessageRef& source,
                                             const mail::CanonicalId& content);
  std::vector<Owned> unconfirmed(mail::LaneId lane);
  template <class Index, class Key, class Fits>
  std::optional<std::uint32_t> take_stray(const Index& index, const Key& key, const Fits& fits);
  bool merges() const { return !world_.options.merge_with.empty(); }
  void index_strays(mail::DestinationFolder& folder);
  void forget_moved();

  PushWorld& world_;
  mail::FolderPath path_;
  std::string name_;
  mail::FolderKey key_;

  std::mutex turn_;
  Inventory inventory_;
  SharedCopies shared_;
  std::exception_ptr failed_ahead_;
  bool prepared_ = false, noted_ = false, failed_ = false;
  unsigned writers_ = 0;
  std::string epoch_;
  std::uint32_t next_ = 0;  // UIDNEXT when it was surveyed; 0: the server did not say

  std::map<mail::LaneId, std::vector<Owned>> own_;  // of reserved messages, by content
  std::vector<Headed> strays_by_header_;            // ascending
  std::vector<Keyed> strays_by_key_;                // likewise, where accounts are merged
  std::uint32_t indexed_below_ = 1;                 // strays from this number on are not in there yet
  bool strays_sorted_ = true;
  std::set<std::uint32_t> damaged_;
  std::map<std::uint32_t, mail::CanonicalId> contents_;   // of candidates that were fetched
  std::map<std::uint32_t, mail::MergeId> merges_;         // likewise, where accounts are merged
  std::map<std::uint32_t, mail::CanonicalId> originals_;  // before another tool marked them
  std::map<std::pair<mail::LaneId, std::uint32_t>, mail::MessageRef>
      moved_;  // reserved ones by their new reference
  std::optional<std::pair<std::uint32_t, mail::CanonicalId>> sample_;
  std::optional<bool> keeps_content_;

  std::mutex dropped_mutex_;
  std::map<std::string, std::uint64_t> dropped_;  // guarded by dropped_mutex_
};

}  // namespace postferry::engine
