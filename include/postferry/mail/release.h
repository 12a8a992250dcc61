#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <postferry/mail/message.h>

// Deleting at a source what is safely held elsewhere: a phase of its own, after a run (ARCHITECTURE.md, Emptying the source).
namespace postferry::mail {

// A message that is to be deleted at its source, as it was when it was carried.
struct ReleaseOrder {
  MessageRef ref;                     // as it is held: IMAP by number; POP3 by uidl, the number is the holder's
  std::optional<std::uint64_t> size;  // the server's word
  ContentId content{};                // as an archive names it
  CanonicalId canonical{};            // of what was read back
  HeaderId header{};                  // likewise, of the message as it is at the source
  std::uint32_t there = 0;            // where an account holds it: its UID
};

struct FolderOrders {
  Folder folder;
  std::vector<ReleaseOrder> orders;
};

enum class ReleaseOutcome : std::uint8_t {
  deleted,   // the server has said so
  vanished,  // it was not there any more
  refused,   // it is still there; `reason` says why
  unknown,   // asked for, and the answer did not come: the next listing tells
};

struct ReleaseResult {
  ReleaseOutcome outcome = ReleaseOutcome::refused;
  std::string reason;
};

// Deletes at a source; nothing else in the program can. One folder, one thread.
class Releaser {
 public:
  virtual ~Releaser() = default;
  // One result an order. Each message's identity is checked in the deleting session, all of them before the first is marked:
  // IMAP by UIDVALIDITY, UID and size; POP3 by UIDL, size and header, or else by its content. An Error is thrown only while
  // nothing has been marked.
  virtual std::vector<ReleaseResult> release(std::span<const ReleaseOrder> orders) = 0;
};

// A message that may go, and has not been read back yet: its order has no hashes.
struct Due {
  ReleaseOrder order;
  bool is_proven = true;  // held by its content; else by header evidence only, and it stays
};

// Where the mail went, asked for what it has. One thread.
class Keeper {
 public:
  virtual ~Keeper() = default;
  // What it holds of `folder`, lies at the source still, passes the job's filters and was seen there at `until` or before, in order of number.
  // Nothing where this run did not list the folder whole, or found it suspicious.
  virtual void due(const Folder& folder, std::chrono::sys_seconds until, const std::function<void(Due)>& found) = 0;
  // `order` is one that due() gave for `folder`. Reads the message from where it lies, now, and fills in its hashes. Error{damaged | missing | ...} where what lies there
  // is not that message, or cannot be read.
  virtual void read_back(const Folder& folder, ReleaseOrder& order) = 0;
  // Writes down that these are the source's no more, before they are deleted there. Durable when it returns.
  virtual void let_go(std::span<const FolderOrders> orders) = 0;
  // ... and that these are its own still.
  virtual void take_back(std::span<const FolderOrders> orders) = 0;
};

}  // namespace postferry::mail
