#pragma once

#include <memory>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/mail/source.h>

namespace postferry::endpoints {

// An IMAP account as a mailbox. Folders are opened with EXAMINE and bodies read with BODY.PEEK[]: nothing at
// the source is ever changed. Up to tools.max_sessions connections (else the account's own number, else 4),
// signed in when they are first needed and kept warm.
std::unique_ptr<mail::MailSource> imap_source(const config::Account& account, Secret secret, Tools tools);

}  // namespace postferry::endpoints
