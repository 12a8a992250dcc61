#pragma once

#include <memory>
#include <stop_token>

#include <postferry/mail/source.h>

#include "imap_pool.h"

namespace postferry::endpoints {

// Reads one folder with a session of the pool's. `pool` outlives it.
std::unique_ptr<mail::FolderReader> imap_reader(ImapPool& pool, mail::Folder folder, std::stop_token stop);

}  // namespace postferry::endpoints
