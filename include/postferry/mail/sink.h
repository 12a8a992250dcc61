#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/mail/message.h>

namespace postferry::mail {

struct SinkTraits {
  bool idempotent = false;                           // sending a message twice stores it once (an archive)
  std::optional<std::uint64_t> max_message_size;
  unsigned max_sessions = 1;
  bool lanes_ahead = false;  // more lanes than sessions pay: they read while others wait for the sink's answers
};

// Where a message durably lies: "1795420868/4711" in IMAP, a content id (hex) in an archive.
struct Placement {
  std::string where;
  std::uint64_t size = 0;
};

// A message that is held already: `meta` as the source tells it now, `carried` the flags as last carried.
struct Known {
  Meta meta;
  Placement place;
  Flags carried;
  bool by_header = false;            // recognised by header evidence, not by its content
  std::optional<MessageRef> same_as; // the held reference that vouched for it, if that is another one
  std::string defect{};              // it lies there, but not as it is: why it counts as failed all the same
  Headline headline{};               // of a message with a defect
};

// Called from any thread, once a message, in any order; lives until after MailSink::flush().
class Receipts {
 public:
  virtual ~Receipts() = default;
  // Durable, not merely sent. `new_bytes`: what was stored anew for it; 0 if the content was there.
  virtual void stored(const MessageRef& source, const Placement& place, std::uint64_t new_bytes) = 0;
  virtual void refused(const MessageRef& source, const Headline& headline, const Error& why) = 0;
};

// One lane's way into one folder. One thread.
class FolderWriter {
 public:
  virtual ~FolderWriter() = default;
  virtual void write(Message message) = 0;      // answered once through the Receipts; may hold a batch; may block
  virtual void keep(const Known& known) = 0;    // archive: list it again; IMAP: flags
  virtual void span_done(Span span) = 0;        // what the source listed there has been handed over
  // The queue is empty: send what you hold, never wait with a partial batch or with a session in hand.
  virtual void idle() = 0;
  virtual void finish() = 0;                    // the lane has ended well. Not called: it ended badly
};

// How a folder's lanes ended.
struct FolderEnd {
  bool listed = false;        // every lane finished and nothing failed: the cursor counts
  std::uint64_t failed = 0;   // messages
  std::string problem;        // why the folder was given up, if it was
  bool suspicious = false;    // it shrank beyond belief, and nobody has said that this is right
};

struct Failure {
  std::string folder;  // for people
  std::string wire_name;
  MessageRef ref;
  Headline headline;
  std::string reason;
};

// What a run was, for the snapshot (or a push's record).
struct RunRecord {
  std::vector<std::string> selection;  // the options that narrowed it, as a person wrote them
  std::chrono::sys_seconds start, end;
  Balance balance;
  std::vector<Failure> failures;   // the first 10,000; `more_failures` counts the rest
  std::uint64_t more_failures = 0;
  bool interrupted = false;        // Ctrl-C, throttled, given up: some selected folder was not reached
  bool complete = false;           // all selected folders listed and nothing failed
};

using RunId = std::string;  // a snapshot's short id; empty where a sink keeps no record

// A place to write to. Any thread; a FolderWriter belongs to one.
class MailSink {
 public:
  virtual ~MailSink() = default;
  virtual SinkTraits traits() const = 0;
  // Every folder of the source, empty and \Noselect ones too, before any open(). `selected`: false if the job
  // leaves it out this time (an archive then carries what it had, or notes it as excluded).
  virtual void declare(const Folder& folder, bool selected) = 0;
  virtual void repeat(const Folder& folder) = 0;  // unchanged since the last run: its shelves by name
  // The lane of this folder begins; open() follows when the source has opened its side, or never. What can be done meanwhile
  // is done: what goes wrong is told by open(), or by the ledger.
  virtual void make_ready(const Folder& folder) noexcept { (void)folder; }
  // `receipts` outlives flush().
  virtual std::unique_ptr<FolderWriter> open(const Folder& folder, const FolderState& state, Receipts& receipts,
                                             std::stop_token stop) = 0;
  // After the last lane of a folder. `state` is the one of its first begin().
  virtual void folder_done(const Folder& folder, const FolderState& state, const FolderEnd& end) = 0;
  virtual void flush() = 0;                             // everything handed over is durable or refused; receipts given
  virtual RunId finish(const RunRecord& record) = 0;    // on every graceful end, after flush()
};

}  // namespace postferry::mail
