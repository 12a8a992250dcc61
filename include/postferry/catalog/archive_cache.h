#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <postferry/archive/cache.h>

namespace postferry::catalog {

// $XDG_CACHE_HOME/postferry/<archive id>.db, else under ~/.cache; empty if there is neither.
std::filesystem::path default_cache_file(const std::string& archive_id);

// The cache of one archive, in `file` (made if need be, 0600, its folder too). What stands there and is
// damaged, of another version or of another archive is emptied; a file that never was a cache of ours is set
// aside under
// "<file>.set-aside", not overwritten. Where nothing can be written, or `file` is empty, the cache lives in a
// nameless temporary file for as long as the object does: it never fails, it only forgets. Any thread.
std::unique_ptr<archive::Cache> open_archive_cache(const std::filesystem::path& file,
                                                   const std::string& archive_id);

}  // namespace postferry::catalog
