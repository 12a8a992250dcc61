#pragma once

#include <memory>
#include <stop_token>

#include <postferry/config/config.h>
#include <postferry/mail/release.h>

#include "pop3_reader.h"

namespace postferry::endpoints {

// Deletes in one session (RFC 1939, sections 5 and 6). `lines` outlives it.
std::unique_ptr<mail::Releaser> pop3_releaser(const config::Account& account, Pop3Lines& lines, std::stop_token stop);

}  // namespace postferry::endpoints
