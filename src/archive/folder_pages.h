#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include <postferry/archive/archive.h>

#include "pack_index.h"
#include "shelf.h"

namespace postferry::archive {

// The entries of one folder of a snapshot, a page at a time. One thread.
class FolderPages {
 public:
  using Missing = std::function<void(const Error&)>;

  // Reads nothing yet.
  FolderPages(PackIndex& index, std::span<const codec::Digest> shelves);

  // Reads the shelves; what cannot be read is told to `missing`. Of no effect once pages are known.
  void open(const Missing& missing) { read_shelves(missing); }
  // In order of number. A shelf or page that cannot be read is told to `missing`; the others are read all the same.
  void each(const std::function<void(const Entry&)>& found, const Missing& missing);

  // Only pages that may hold numbers of this span; for a merge join.
  class Cursor {
   public:
    using Passed = std::function<void(std::uint32_t number)>;

    Cursor(FolderPages& pages, mail::Span span);
    // The entry of this number, or nothing. Numbers must be asked for in ascending order. `passed` is told the entries
    // that lie between this question and the one before; without it pages in between are not read.
    const Entry* seek(std::uint32_t number, const Passed& passed = {});
    void pass_rest(std::uint32_t last, const Passed& passed);  // all up to `last` that were not asked for

   private:
    void open();
    void pass(std::uint64_t before, const Passed& passed);

    FolderPages& pages_;
    std::size_t page_ = 0;
    std::vector<Entry> entries_;
    std::size_t at_ = 0;
    bool is_open_ = false;
    std::uint64_t asked_ = 0;  // everything up to it has been asked for or passed
  };

  // Any order; the last few pages are kept. Nothing if it is not there or cannot be read.
  const Entry* find(std::uint32_t number);

  const std::vector<PageRef>& pages();  // of all shelves that can be read
  std::vector<Entry> page(std::size_t i);  // Error{missing | damaged}

 private:
  void read_shelves(const Missing& missing);
  std::vector<Entry> read_page(const codec::Digest& hash);

  struct Kept {
    std::size_t page;
    std::vector<Entry> entries;
  };

  PackIndex& index_;
  const std::vector<codec::Digest> shelves_;
  std::optional<std::vector<PageRef>> pages_;
  std::list<Kept> kept_;  // the last used first
};

}  // namespace postferry::archive
