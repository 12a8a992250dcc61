#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>

#include "endpoints.h"
#include "program_state.h"

namespace postferry::cli {

// An archive with its cache.
struct OpenArchive {
  std::unique_ptr<archive::Cache> cache;  // outlives the archive
  std::unique_ptr<archive::Archive> archive;
  archive::ArchiveInfo info;

  archive::Archive* operator->() const { return archive.get(); }
};

// For reading: it must be there. Error{missing} "... is the disk mounted?" where it is not.
OpenArchive open_archive(Program& program, const ArchivePlace& place);
// For a backup: made where nothing stands against it (or with --create), else the same error.
OpenArchive open_or_create(Program& program, const ArchivePlace& place);
// Throws what open_or_create would, where no archive is there and none may be made. True: one is there.
bool is_there(const Program& program, const ArchivePlace& place);
OpenArchive create_archive(Program& program, const ArchivePlace& place);

// Paths at which an archive was once seen, in $XDG_STATE_HOME/postferry/archives: an empty mount point must
// not be taken for a place where a new archive may begin.
bool is_remembered(const std::filesystem::path& path);
void remember(const std::filesystem::path& path);

// Bytes of all files under it.
std::uint64_t size_on_disk(const std::filesystem::path& path);

}  // namespace postferry::cli
