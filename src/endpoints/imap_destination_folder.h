#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <postferry/mail/destination.h>

#include "imap_pool.h"
#include "refused_keywords.h"

namespace postferry::endpoints {

// A folder that is written to: on a session of `pool`, borrowed when it is begun and given back at the end if
// nothing went wrong. `where` names it in sentences. `refused` is the folder's, for all its sessions.
std::unique_ptr<mail::DestinationFolder> imap_destination_folder(ImapPool& pool, RefusedKeywords& refused,
                                                                 std::string wire_name, std::string where,
                                                                 mail::Opening how, std::stop_token stop);

}  // namespace postferry::endpoints
