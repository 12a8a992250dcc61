#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <postferry/mail/destination.h>

#include "imap_pool.h"

namespace postferry::endpoints {

// A folder that is written to: on a session of `pool`, borrowed when it is begun and given back at the end if
// nothing went wrong. `where` names it in sentences.
std::unique_ptr<mail::DestinationFolder> imap_destination_folder(ImapPool& pool, std::string wire_name,
                                                                 std::string where, mail::Opening how,
                                                                 std::stop_token stop);

}  // namespace postferry::endpoints
