#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/engine/folder_mapping.h>
#include <postferry/engine/job.h>
#include <postferry/mail/destination.h>
#include <postferry/mail/push_ledger.h>
#include <postferry/mail/release.h>

namespace postferry::engine {

// What becomes of flags at a destination. A message that is new there gets its flags, whatever the rule.
enum class FlagRule {
  merge,   // only what changed at the source since it was carried; `add` where nothing is known of it
  add,     // what the source has is set, nothing is taken away
  update,  // as the source has them
  never,   // what is there stays as it is
};

struct PushOptions {
  FlagRule flags = FlagRule::merge;
  bool skip_deleted = false;       // \Deleted is not set at the destination
  bool respect_deletions = false;  // what was carried and is gone there stays away
  // Accounts whose mail goes to the same destination: what has reached one of them too (`merge` digest, same folder) is
  // not sent once more. A copy answers for one message of each account. Empty: nothing new is merged.
  std::set<mail::AccountId> merge_with{};
  bool keep_all = false;           // not even what was merged before stays so
  bool repair = false;             // bytes may be changed (engine/repair.h) of what the server refuses as it is
  std::size_t batch_messages = 50;
  std::uint64_t batch_bytes = 4u << 20;
};

// What a report says beside the balance.
struct PushCounts {
  std::uint64_t sent = 0, recognised = 0, merged = 0;                   // appended; found there already; brought by another account
  std::uint64_t dated_by_received = 0, dated_by_date = 0, undated = 0;  // no INTERNALDATE to be believed
  std::uint64_t nuls_removed = 0, headers_mended = 0, lines_folded = 0;  // messages that --repair changed
};

// Migrate and restore: an account of a server as the sink of a run, and the ledger of what was carried there.
// Give both to engine::run(). Source folders that are mapped to one destination folder share it.
// Outlives the run; one run. `stop` ends waits and the surveys at the beginning; what has arrived is still
// sent.
class Push {
 public:
  Push(mail::AccountId from, mail::AccountId to, mail::Destination& destination, mail::PushLedger& ledger,
       std::vector<MappedFolder> folders, PushOptions options, const Limits& limits, Clock& clock,
       mail::EventSink& events, std::stop_token stop = {});
  ~Push();

  mail::MailSink& sink();
  mail::Ledger& ledger();
  PushCounts counts() const;
  // After the run: the destination as what its source may be emptied against. Must not outlive this.
  std::unique_ptr<mail::Keeper> keeper();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postferry::engine
