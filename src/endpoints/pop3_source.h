#pragma once

#include <memory>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/mail/source.h>

namespace postferry::endpoints {

// A POP3 maildrop as a mailbox with one folder, INBOX. Identity is the UIDL; where UIDLs are missing,
// empty, doubled, unfit or the message numbers, messages have none and the ledger knows them by header and size, or by
// content. Only a releaser deletes. One session at a time; with `stays_signed_in` it is kept from one use to the next.
std::unique_ptr<mail::MailSource> pop3_source(const config::Account& account, Secret secret, Tools tools);

}  // namespace postferry::endpoints
