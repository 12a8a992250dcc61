#pragma once

#include <string>
#include <vector>

#include <postferry/engine/folder_mapping.h>
#include <postferry/engine/job.h>
#include <postferry/mail/destination.h>

#include "console.h"
#include "selection.h"
#include "transfer_time.h"

namespace postferry::cli {

// What is known of a push before its first message.
struct Preflight {
  std::string from, to;
  std::vector<engine::MappedFolder> folders;
  std::vector<mail::Folder> left_out;
  mail::DestinationTraits traits;
  TransferTime time{};  // messages and bytes as the source tells them
};

// With --dry-run everything on stdout; else what a person should know on stderr. With --json one "planned" event a
// folder and one "preflight" event.
void tell(Console& console, const Preflight& preflight, bool dry_run);

// Messages that the destination's APPENDLIMIT keeps out, by listing the source once more (no bodies are read).
// How many there are; each is told.
std::uint64_t tell_too_large(Console& console, mail::MailSource& source, const engine::Plan& plan,
                             const Selection& selection, std::uint64_t limit, std::stop_token stop);

}  // namespace postferry::cli
