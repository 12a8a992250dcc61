#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/imap/session.h>
#include <postferry/mail/message.h>

#include "imap_pages.h"

namespace postferry::endpoints {

// What has been expunged since the last time is taken off its page; how many messages that were.
unsigned note_expunged(imap::Session& session, ImapPages& counts);

struct ListedPages {
  std::vector<mail::Meta> metas;
  // Error{protocol, folder, never} "listing incomplete", with the numbers. What is listed is there all the
  // same, and is carried before this is thrown.
  std::optional<Error> incomplete;
};

// Lists `pages` (ascending), each UID once, and checks what came against what each must hold. A page that is
// short, or that nobody can count, is listed once more, and both answers count together.
ListedPages list_pages(imap::Session& session, ImapPages& counts, std::span<const ImapPage> pages,
                       const std::string& epoch);
// The same by flags and sizes alone: what lies at a destination. Incomplete: thrown.
std::vector<mail::Meta> list_flags(imap::Session& session, ImapPages& counts, std::span<const ImapPage> pages,
                                   const std::string& epoch);
// One stretch, once, whatever comes.
std::vector<mail::Meta> list_flags(imap::Session& session, mail::Span span, const std::string& epoch);

}  // namespace postferry::endpoints
