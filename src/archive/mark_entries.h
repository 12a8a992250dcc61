#pragma once

#include <filesystem>

#include <postferry/archive/archive.h>

#include "page_builder.h"
#include "pack_index.h"

namespace postferry::archive {

struct MarkTools {
  PackIndex& index;
  ManifestWriter& manifests;
  std::filesystem::path work_folder;
  const mail::AccountId& account;
};

// Gives `record` pages in which the named entries have another presence. A number that is not there is passed over.
// Error{damaged | missing ...} where a page cannot be read.
void mark_entries(FolderRecord& record, const Mark& mark, const MarkTools& tools);

}  // namespace postferry::archive
