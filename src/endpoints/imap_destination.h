#pragma once

#include <memory>

#include <postferry/config/config.h>
#include <postferry/endpoints/registry.h>
#include <postferry/mail/destination.h>

namespace postferry::endpoints {

// An IMAP account that mail is put into. New folders go below the personal namespace's prefix, with its
// delimiter, in modified UTF-7. Up to tools.max_sessions connections (else the account's own number, else 4).
// wire_name() asks the server for its folders and their namespace if nothing has before.
std::unique_ptr<mail::Destination> imap_destination(const config::Account& account, Secret secret,
                                                    Tools tools);

}  // namespace postferry::endpoints
