#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/base/ports.h>
#include <postferry/mail/event.h>
#include <postferry/mail/release.h>
#include <postferry/mail/source.h>

namespace postferry::engine {

struct ReleaseRules {
  std::chrono::days age{0};           // seen at the source for so long, or longer
  std::optional<std::uint64_t> most;  // deletions in one run; the rest is for the next
};

struct ReleaseWorld {
  mail::MailSource& source;
  mail::Keeper& keeper;
  mail::EventSink& events;
  Clock& clock;
  ReleaseRules rules;
};

struct ReleaseReport {
  std::uint64_t deleted = 0, vanished = 0, refused = 0, unknown = 0;
  std::uint64_t postponed = 0;        // due, beyond rules.most
  std::uint64_t unproven = 0;         // held by header evidence only
  std::vector<std::string> problems;  // in words, the first hundred
  std::optional<Error> error;         // what ended it early; what is counted above has happened all the same

  // Everything that was due and allowed is gone from the source.
  bool is_whole() const { return refused == 0 && unknown == 0 && !error; }
};

// Deletes at the source what the keeper holds and the rules let go, after a run that came to its end: reads all of it back,
// has it written down as released, deletes, and takes back what the source refused. A single message that cannot be read
// back stops everything: a keeper that shows damage is none to rely on. `folders`: those that the job selected. Throws only
// Cancelled, while nothing has been deleted.
ReleaseReport release(const std::vector<mail::Folder>& folders, ReleaseWorld& world, std::stop_token stop);

}  // namespace postferry::engine
