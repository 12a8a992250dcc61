#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/base/ports.h>
#include <postferry/mail/event.h>
#include <postferry/mail/ledger.h>
#include <postferry/mail/sink.h>
#include <postferry/mail/source.h>

namespace postferry::engine {

struct Limits {
  std::size_t queued_parcels = 64;
  unsigned lanes = 4;                      // as many sessions; a push has some lanes more that wait for one (SinkTraits)
  std::uint64_t split_messages = 20000;    // a folder with more is cut into several lanes
  unsigned attempts = 5;                   // in a row without a newly settled message
  std::chrono::seconds longest_wait{900};  // beyond it we end with "try again later"
};

struct FolderTask {
  mail::Folder folder;
  std::vector<mail::Span> spans;          // one lane each; none: nothing to open (\Noselect)
  bool unchanged = false;                 // its token says so: repeated, no lane
};

// What would be done. Plain data: --dry-run prints it, the web view shows it, tests compare it.
struct Plan {
  std::string account;
  std::vector<mail::Folder> left_out;     // declared, not selected
  std::vector<FolderTask> tasks;
};

// How a run ended.
enum class Ending {
  done,         // every lane ran to its end (perhaps with failures)
  interrupted,  // Ctrl-C
  later,        // the server asks for more patience than we have: exit 75
  failed        // the run cannot go on: `error` says why
};

struct Report {
  Ending ending = Ending::done;
  mail::RunRecord record;
  std::vector<std::string> given_up_folders;  // "name: reason"; exit 3
  std::vector<std::string> suspicious_folders;
  std::optional<Error> error;                 // for `later` and `failed`
  std::uint64_t reflagged = 0, bytes = 0, new_bytes = 0;
  std::string snapshot;
};

// Leaves a message out by a named rule (--since, --max-size); nothing: it is wanted. Asked only for what is not held.
using MessageFilter = std::function<std::optional<std::string>(const mail::Meta&)>;
using FolderFilter = std::function<bool(const mail::Folder&)>;

// Everything the engine borrows. Lives longer than the run.
struct World {
  std::string account;                    // id, for events
  mail::MailSource& source;
  mail::MailSink& sink;
  mail::Ledger& ledger;
  mail::EventSink& events;
  Clock& clock;
  Limits limits;
  FolderFilter folders;                   // empty: all
  MessageFilter messages;                 // empty: all
  std::vector<std::string> selection;     // the same in words
  bool accept_shrink = false;
  bool full = false;                      // believe no token
};

// Signs in and lists; retries by decide(). Throws Error (bad password, unknown host, `later` beyond longest_wait) or Cancelled.
Plan make_plan(World& world, std::stop_token stop);
// Never throws for what a mailbox or a server does; the sink's finish() has been called on every graceful end.
// Throws only what the sink's own flush() or finish() throws (disk full).
Report run(const Plan& plan, World& world, std::stop_token stop);

}  // namespace postferry::engine
