#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "db.h"

namespace postferry::catalog {

// An open database with our tables in it, of this archive and this version, whatever stood in `file` before
// (archive_cache.h says what becomes of that). Empty, unwritable: a nameless temporary one.
std::unique_ptr<Db> open_cache_file(const std::filesystem::path& file, const std::string& archive_id);

// Removes `file` and what SQLite keeps beside it.
void forget_cache_file(const std::filesystem::path& file);

}  // namespace postferry::catalog
