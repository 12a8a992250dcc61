#pragma once

#include <filesystem>
#include <memory>

#include <postferry/mail/push_ledger.h>

namespace postferry::catalog {

// $XDG_STATE_HOME/postferry/push.db, else under ~/.local/state; empty if there is neither. State, not cache: losing it
// costs a survey of the destination.
std::filesystem::path default_push_ledger_file();

// Made if need be, 0600, its folder 0700. A file that is damaged or not ours is refused: Error{storage, run, never} names
// it and says what to do (setting it aside is safe: the destination is surveyed then).
std::unique_ptr<mail::PushLedger> open_push_ledger(const std::filesystem::path& file);

}  // namespace postferry::catalog
