#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "sink_folder.h"

namespace postferry::engine {

// A message that has left: what its settlement needs, without its body.
struct Sent {
  std::uint64_t ticket = 0;
  mail::Meta meta;  // of the source
  mail::Digests digests;
  std::uint64_t bytes = 0;
  std::optional<std::uint32_t> number;
  std::uint64_t size = 0;  // as the destination tells it
  // Does its header lie there as it was sent? Asked where it has 8-bit bytes, for some servers change those.
  enum class Header : std::uint8_t { ascii, as_sent, changed, not_read } header = Header::ascii;
};

// A batch of one.
std::vector<mail::Outgoing> alone(mail::Outgoing outgoing);

// Brings batches into a folder, each message once, whatever happens to sessions and answers. One thread,
// which has the folder's turn.
class Delivery final : private mail::Answers {
 public:
  struct Results {
    // Lie there, to be settled now; but those whose header could not be read are in doubt.
    std::function<void(const std::vector<Sent>&)> stored;
    std::function<void(mail::Outgoing, const Error&)> refused;
  };
  Delivery(PushWorld& world, SinkFolder& folder, PushSession& session, Patience& patience, Results results)
      : world_(world),
        folder_(folder),
        session_(session),
        patience_(patience),
        results_(std::move(results)) {}

  // When it returns, each of `batch` was stored or refused. Throws GivenUp or Cancelled when patience ends:
  // what was answered by then has been told, the rest is in doubt and the folder stays open in the ledger.
  void deliver(std::vector<mail::Outgoing> batch);

 private:
  // What appeared in the folder since the batch was begun.
  struct Newcomer {
    mail::Found found;
    std::optional<mail::HeaderId> header;
    std::optional<mail::MatchKey> key;
    std::optional<mail::CanonicalId> content;
    bool taken = false;
  };
  struct Sighting {
    std::vector<Newcomer> newcomers;
    bool keeps_content = false;
  };

  void appended(mail::Outgoing outgoing, std::optional<std::uint32_t> number) override;
  void refused(mail::Outgoing outgoing, const Error& why) override;
  void keywords_refused(const mail::Outgoing& outgoing, const std::set<std::string>& keywords) override;
  void put_off(mail::Outgoing outgoing) override { put_off_.push_back(std::move(outgoing)); }
  void seen(const mail::Found& found) override { seen_.insert_or_assign(found.number, found); }

  enum class Waits { yes, no };  // when the server puts us off
  std::vector<mail::Outgoing> attempt(std::vector<mail::Outgoing> batch, Waits waits = Waits::yes);
  std::vector<mail::Outgoing> one_by_one(std::vector<mail::Outgoing> batch);
  void try_last(mail::Outgoing outgoing, std::string words);
  void deliver_alone(mail::Outgoing outgoing, unsigned lost);
  bool session_died() const;
  std::optional<Error> transmit(std::vector<mail::Outgoing> batch);
  void look_and_match();
  bool all_seen() const;
  bool all_seen_at_a_glance();
  Sighting look();
  void add_newcomer(Sighting& sight, const mail::Found& found) const;
  void describe(mail::DestinationFolder& folder, Sighting& sight);
  bool content_is_needed(const Newcomer& newcomer) const;
  void match(Sighting& sight);
  void match_numbers(Sighting& sight);
  void match_unnumbered(Sighting& sight);
  void match_doubt_by_content(Sighting& sight);
  void match_doubt_by_key(Sighting& sight);
  void found_after_all(std::size_t doubt, Newcomer& newcomer);
  void add_to_inventory(const Sighting& sight);
  Sent& add_sent(const mail::Outgoing& outgoing);
  bool is_munged(std::uint64_t ticket, const mail::HeaderId& header) const;
  bool is_same(const mail::Outgoing& ours, const mail::CanonicalId& content) const;
  void read_back();
  void tell_stored();

  PushWorld& world_;
  SinkFolder& folder_;
  PushSession& session_;
  Patience& patience_;
  const Results results_;

  std::uint32_t mark_ = 0;             // what lies from here on came with this batch or from others
  std::optional<Error> trouble_;       // of the last attempt
  std::vector<Sent> sent_;             // answered with OK, or found after all
  std::vector<mail::Outgoing> doubt_;  // handed over, and nobody answered
  std::vector<mail::Outgoing> put_off_;  // certainly not there
  bool was_put_off_ = false, any_got_in_ = false;  // of the last attempt
  std::map<std::uint32_t, mail::Found> seen_;  // by number: told along with the answers
  std::map<std::uint64_t, mail::Digests> munged_;  // by ticket: of what has 8-bit bytes in its header
};

}  // namespace postferry::engine
