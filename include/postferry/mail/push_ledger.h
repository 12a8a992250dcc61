#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <postferry/mail/message.h>

namespace postferry::mail {

// (account id, wire name): a folder anywhere.
struct FolderKey {
  AccountId account;
  std::string wire_name;
  auto operator<=>(const FolderKey&) const = default;
};

using LaneId = std::int64_t;  // one source folder into one destination folder

// A message that was carried: where from, where to, and what it was.
struct Settled {
  MessageRef source;
  std::uint32_t number = 0;    // UID at the destination; 0: the server did not say and nobody has looked since
  std::uint64_t size = 0;      // as the destination tells it; 0: unknown
  Flags flags;                 // of the source, as last carried
  CanonicalId canonical;
  HeaderId header;
  std::uint8_t altered = 0;    // which steps of --repair changed its bytes; 0: none
  std::uint64_t told = 0;      // its size as the source told it; 0: unknown
  MergeId merge{};
  // Set: the server changed its header, and it lies there damaged; what a person knows it by.
  std::optional<Headline> damaged{};
  // When the destination held it first, for all we know; absent: its content has not been compared under this reference.
  std::optional<std::chrono::sys_seconds> since{};
  bool shared = false;         // `number` is the copy of another account, which this one's message equals but for trace fields
};

// The reference under which a message is settled: what outlives the session. A POP3 message is its UIDL, wherever it
// stands in the listing; one without is known by `number`, where it lies at the destination.
inline MessageRef lasting(const MessageRef& ref, std::uint32_t number) {
  if (!ref.uidl.empty()) return {ref.epoch, 0, ref.uidl};
  return is_nameless(ref) ? MessageRef{ref.epoch, number, {}} : ref;
}

// What a destination folder was when it was last left.
struct SinkFolderNote {
  std::string epoch;           // its UIDVALIDITY then
  std::uint32_t mark = 0;      // its UIDNEXT: before the first APPEND while open, after the last one when closed
  bool open = false;           // a run was writing into it and did not come to its end
  bool operator==(const SinkFolderNote&) const = default;
};

// What has been carried from accounts to accounts. SQLite in the state folder (catalog); believed only against what is at
// the destination. Durable when a call returns; safe from any thread. Error{storage, run, never} names the file.
class PushLedger {
 public:
  virtual ~PushLedger() = default;
  virtual LaneId lane(const FolderKey& from, const FolderKey& to) = 0;
  virtual AccountId account_of(LaneId lane) = 0;  // whose mail it carries; empty: there is no such lane
  // The settlement of each of these references, if there is one: `found(i, settled)`.
  virtual void known(LaneId lane, std::span<const Meta> page, const std::function<void(std::size_t, const Settled&)>& found) = 0;
  virtual std::uint64_t count(LaneId lane) = 0;
  virtual void settle(LaneId lane, std::span<const Settled> settled) = 0;
  virtual void unsettle(LaneId lane, std::span<const MessageRef> sources) = 0;
  // Every settlement into this folder, over all lanes.
  virtual void settlements(const FolderKey& to, const std::function<void(LaneId, const Settled&)>& found) = 0;

  // Recovery belongs to the destination folder, over all lanes that write into it.
  virtual std::optional<SinkFolderNote> note(const FolderKey& to) = 0;
  virtual void open(const FolderKey& to, const std::string& epoch, std::uint32_t mark) = 0;   // before the first APPEND
  virtual void close(const FolderKey& to, const std::string& epoch, std::uint32_t next) = 0;  // every answer is noted
};

}  // namespace postferry::mail
