#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/base/files.h>

#include "entry_line.h"
#include "pack_index.h"
#include "pack_writer.h"
#include "shelf.h"

namespace postferry::archive {

// Writes manifests into the pack that a run has open, each only once.
class ManifestWriter {
 public:
  ManifestWriter(PackIndex& index, PackWriter& packs) : index_(index), packs_(packs) {}

  void put(const codec::Digest& hash, const std::string& entry_name, std::string bytes);
  bool has_written() const { return !written_.empty(); }

 private:
  PackIndex& index_;
  PackWriter& packs_;
  std::set<codec::Digest> written_;
};

// What the pages of one folder came to.
struct BuiltFolder {
  std::vector<codec::Digest> shelves;
  std::uint64_t count = 0, bytes = 0, absent = 0;
  std::uint64_t unresolved = 0;  // left out: no pack holds their content
};

// Makes one folder's pages and shelves of its entries, added in order of number: their lines lie one after the other in a
// scratch file, so that a page is a piece of it. Pages that `before` names are there already and are not written again.
class PageBuilder {
 public:
  struct Place {
    mail::AccountId account;
    std::string wire_name, epoch;
    Numbering numbering = Numbering::uid;
  };

  // `index`: asked for the content of every entry; null where it is known that all is there.
  PageBuilder(std::filesystem::path work_folder, Place place, PackIndex* index);

  void add(const Entry& entry);
  BuiltFolder finish(ManifestWriter& manifests, const std::set<codec::Digest>& before);

 private:
  void flush();
  std::string piece(std::size_t first, std::size_t count) const;

  const std::filesystem::path work_folder_;
  const Place place_;
  PackIndex* const index_;
  BuiltFolder built_;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint64_t> offsets_;  // where each line begins
  std::string buffer_;
  std::optional<ScratchFile> file_;
  std::uint64_t written_ = 0;
};

}  // namespace postferry::archive
