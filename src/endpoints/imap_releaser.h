#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <postferry/mail/release.h>

#include "imap_pool.h"

namespace postferry::endpoints {

// Deletes in one folder, by UID EXPUNGE alone (RFC 4315): a plain EXPUNGE would take along what somebody else has marked.
// `pool` outlives it.
std::unique_ptr<mail::Releaser> imap_releaser(ImapPool& pool, std::string wire_name, std::stop_token stop);

}  // namespace postferry::endpoints
