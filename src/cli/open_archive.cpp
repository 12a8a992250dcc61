#include "open_archive.h"

#include <system_error>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/catalog/archive_cache.h>

namespace postferry::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void not_there(const fs::path& path, const std::string& why) {
  throw Error(Cause::missing, Blast::run, Retry::never,
              fmt::format("{}: {}; is the disk mounted?", printable(path.native()), why));
}

codec::Codec codec_for(const Program& program, const ArchivePlace& place) {
  const auto& word = program.options.codec.empty() ? place.codec : program.options.codec;
  return word == "gzip" ? codec::Codec::gzip : codec::Codec::zstd;
}

bool is_archive(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is not there
  return fs::exists(path / "postferry.json", ignored);
}

OpenArchive with_cache(Program& program, const ArchivePlace& place,
                       std::unique_ptr<archive::Archive> archive) {
  OpenArchive out;
  out.info = archive->info();
  auto file = program.options.catalog.empty() ? catalog::default_cache_file(out.info.id)
                                              : fs::path(program.options.catalog);
  if (program.options.dry_run) file.clear();  // a dry run writes nothing, not even what would only save time
  out.cache = catalog::open_archive_cache(file, out.info.id);
  out.archive = std::move(archive);
  out.archive->use(out.cache.get());
  out.archive->listen([&console = program.console](const std::string& note) {
    console.warn(printable(note, 500));
    console.json(codec::Json::object().add("event", "note").add("text", note));
  });
  if (!program.options.dry_run) remember(place.path);
  return out;
}

}  // namespace

OpenArchive open_archive(Program& program, const ArchivePlace& place) {
  std::error_code ignored;
  if (!fs::exists(place.path, ignored)) not_there(place.path, "no archive is there");
  if (!is_archive(place.path) && fs::is_directory(place.path, ignored) && fs::is_empty(place.path, ignored)) {
    not_there(place.path, "the folder is empty");
  }
  try {
    return with_cache(program, place, archive::Archive::open(place.path, program.files, program.clock));
  } catch (Error& error) {
    // "not an archive" is no fault of the command line: the place does not hold what it should
    if (error.cause == Cause::config) error.cause = Cause::missing;
    throw;
  }
}

OpenArchive create_archive(Program& program, const ArchivePlace& place) {
  return with_cache(
      program, place,
      archive::Archive::create(place.path, codec_for(program, place), program.files, program.clock));
}

bool is_there(const Program& program, const ArchivePlace& place) {
  if (is_archive(place.path)) return true;
  std::error_code ignored;
  if (program.options.create) return false;
  if (fs::exists(place.path, ignored)) {
    const bool empty = fs::is_directory(place.path, ignored) && fs::is_empty(place.path, ignored);
    if (!empty) return true;  // opening it says what is wrong with it
    not_there(place.path,
              "the folder is empty, and only --create or init makes an archive in a folder that exists");
  }
  if (is_remembered(place.path))
    not_there(place.path, "the archive that was there is gone (--create begins a new one)");
  if (!fs::is_directory(place.path.parent_path(), ignored)) {
    not_there(place.path, "the folder above it is not there (--create makes it)");
  }
  return false;
}

OpenArchive open_or_create(Program& program, const ArchivePlace& place) {
  if (is_there(program, place)) return open_archive(program, place);
  auto out = create_archive(program, place);
  program.console.said(fmt::format("{}: a new archive", printable(place.path.native())));
  return out;
}

std::uint64_t size_on_disk(const fs::path& path) {
  std::uint64_t out = 0;
  std::error_code problem;  // a file that goes while we count is not counted
  for (fs::recursive_directory_iterator it(path, problem), end; !problem && it != end;
       it.increment(problem)) {
    std::error_code gone;
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) out += size;
  }
  return out;
}

}  // namespace postferry::cli
