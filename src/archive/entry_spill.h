#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/base/files.h>

#include "entry_line.h"

namespace postferry::archive {

// Entries of one folder on their way into pages: in any order, as lines in a scratch file; 16 bytes of memory each.
// One thread, or a lock around it.
class EntrySpill {
 public:
  EntrySpill(std::filesystem::path folder, Numbering numbering) : folder_(std::move(folder)), numbering_(numbering) {}

  // `key`: what it is sorted by; its number, or for POP3's newcomers their place in the listing. Returns its index, to be
  // used with at() before sort().
  std::size_t add(const Entry& entry, std::uint32_t key);
  std::size_t add(const Entry& entry) { return add(entry, entry.number); }
  // By key; of two with one key the later one stays. Afterwards at() follows that order.
  void sort();
  std::size_t size() const { return index_.size(); }
  std::uint32_t key(std::size_t i) const { return index_[i].key; }
  Entry at(std::size_t i) const;
  // After sort().
  std::optional<std::size_t> find(std::uint32_t key) const;
  void clear();

 private:
  struct Place {
    std::uint32_t key = 0, length = 0;
    std::uint64_t offset = 0;
  };

  void flush();

  const std::filesystem::path folder_;
  const Numbering numbering_;
  std::vector<Place> index_;
  std::string buffer_;                   // the end of the file, not written yet
  std::optional<ScratchFile> file_;
  std::uint64_t written_ = 0;
};

}  // namespace postferry::archive
