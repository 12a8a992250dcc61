#pragma once

#include <span>
#include <string>
#include <vector>

#include <postferry/imap/session.h>
#include <postferry/mail/message.h>

#include "imap_pages.h"

namespace postferry::endpoints {

// What has been expunged since the last time is taken off its page.
void note_expunged(imap::Session& session, ImapPages& counts);

// Lists `pages` (ascending), each UID once, and checks what came against what each must hold. A page that is
// short, or that nobody can count, is listed once more, and both answers count together. Still short:
// Error{protocol, folder, never} "listing incomplete", with the numbers.
std::vector<mail::Meta> list_pages(imap::Session& session, ImapPages& counts, std::span<const ImapPage> pages,
                                   const std::string& epoch);

}  // namespace postferry::endpoints
