#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <postferry/archive/blob_store.h>
#include <postferry/archive/toc.h>
#include <postferry/base/error.h>

#include "pack_reader.h"
#include "prefix_map.h"

namespace postferry::archive {

// A pack's table of contents in memory, about 350 bytes an entry.
class PackTable {
 public:
  explicit PackTable(const PackReader& reader);
  std::optional<TocEntry> find(const codec::Digest& hash) const;
  std::size_t bytes() const;

 private:
  struct Row {
    Prefix prefix;
    std::uint64_t frame = 0, line = 0;  // where its line begins in lines_
    bool operator<(const Row& other) const { return prefix < other.prefix; }
  };
  std::vector<Row> rows_;  // sorted
  std::string lines_;
};

// The packs read last, kept open with their tables: a few, by the memory they take. One thread, or a lock around it.
class OpenPacks {
 public:
  explicit OpenPacks(const BlobStore& store) : store_(store) {}

  PackReader& reader(const std::string& pack);
  std::optional<TocEntry> find(const std::string& pack, const codec::Digest& hash);
  void clear() { open_.clear(); }

 private:
  struct Open {
    std::unique_ptr<PackReader> reader;
    std::optional<PackTable> table;
  };

  Open& get(const std::string& pack);
  void make_room();

  const BlobStore& store_;
  std::list<Open> open_;  // the last used first
};

}  // namespace postferry::archive
