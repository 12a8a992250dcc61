#pragma once

#include <cstdint>

#include <postferry/archive/archive.h>

#include "folder_pages.h"
#include "run_folders.h"

namespace postferry::archive {

// Gives POP3's newcomers their ordinals: one whose content equals that of an entry which the listing did not show (its UIDL
// has changed) takes over that entry's, so that changed UIDLs double nothing; the others get the next free ones. They
// join draft.entries, sorted. `before`: the folder's pages in the last snapshot, or null. Returns the next free ordinal.
std::uint32_t number_newcomers(FolderDraft& draft, FolderPages* before, std::uint32_t next);

}  // namespace postferry::archive
