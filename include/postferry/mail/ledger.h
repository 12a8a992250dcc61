#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <postferry/mail/message.h>
#include <postferry/mail/sink.h>

namespace postferry::mail {

// What a ledger says of one listed message.
struct Verdict {
  enum class Kind : std::uint8_t {
    wanted,          // nothing is known of it
    known,           // settled before under this very reference
    maybe,           // date and size equal a message held under another reference: its header may prove it. Asked about
                     // in a second look, when every folder has been listed and it is known what is no longer where it was
    skipped,         // `rule` leaves it out
  };
  Kind kind = Kind::wanted;
  std::optional<Known> known;
  std::string rule{};
};

// The ledger of one lane: questions in ascending order of the reference, one thread.
class LaneLedger {
 public:
  virtual ~LaneLedger() = default;
  virtual bool empty() const = 0;  // nothing of this folder (in this epoch) is held, and nothing elsewhere could match
  // See Chooser::foresee.
  virtual void foresee(const std::string& uidl, std::optional<std::uint64_t> size) { (void)uidl, (void)size; }
  virtual void sort_out(std::span<const Meta> page, std::vector<Verdict>& out) = 0;
  // For `maybe`: the held message that this header proves it to be, claimed one to one; or nothing.
  virtual std::optional<Known> by_header(const Meta& meta, const HeaderId& header, const std::optional<MatchKey>& key) = 0;
};

// What has been carried from one source account to one sink. Two implementations: for a backup the archive itself
// (a merge join over the last snapshot's pages, no database); for a push SQLite in the state folder.
// Safe from any thread.
class Ledger {
 public:
  virtual ~Ledger() = default;
  // The token under which this folder was last carried completely; empty: none, look at it.
  virtual std::string token(const Folder& folder) = 0;
  // How many messages, for the balance of a folder whose token is unchanged.
  virtual std::uint64_t held_count(const Folder& folder) = 0;
  // A folder that shrank by more than half (and by over 100) since it was last carried.
  virtual bool shrank(const Folder& folder, const FolderState& now) = 0;
  // Every lane of the folder has come to its end: what was held there and not asked about is there no more. Told before
  // the second look.
  virtual void listed(const Folder& folder) { (void)folder; }
  virtual std::unique_ptr<LaneLedger> open(const Folder& folder, Span span, const FolderState& now) = 0;
};

}  // namespace postferry::mail
