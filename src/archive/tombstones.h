#pragma once

#include <set>
#include <string>

#include <postferry/archive/blob_store.h>

namespace postferry::archive {

// The packs that a prune has replaced: they may be deleted at any time, so nothing may count on them.
std::set<std::string> entombed_packs(const BlobStore& store);

}  // namespace postferry::archive
