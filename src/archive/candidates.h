#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <postferry/archive/archive.h>

#include "base_snapshot.h"
#include "folder_pages.h"

namespace postferry::archive {

// What of the last snapshot could be the same message under another reference: by date and size, over all its folders,
// and by global id. Indexed on first need, 16 bytes an entry. Any thread.
class Candidates {
 public:
  Candidates(PackIndex& index, BaseSnapshot& base) : index_(index), base_(base) {}

  struct Held {
    std::string wire_name, epoch;
    Entry entry;
  };

  // Some entry, not claimed yet, has this date and size. False without a date or a size.
  bool has_twin_of(const mail::Meta& meta);
  // The one of them whose key exists and equals `key`, and whose header hash is `header`; claimed, so that nobody gets it
  // twice. Nothing where several contents answer to that, claimed or not: only the body can tell which of them this is.
  std::optional<Held> claim(const mail::Meta& meta, const mail::HeaderId& header, const std::optional<mail::MatchKey>& key);
  // An entry with this X-GM-MSGID or OBJECTID: the same content, by the server's own word.
  std::optional<Held> with_global_id(const std::string& global_id);

 private:
  struct Row {
    std::uint64_t hash = 0;
    std::uint32_t folder = 0, number = 0;
    bool operator<(const Row& other) const { return hash < other.hash; }
  };

  using Found = std::function<bool(const Row&, const Entry&)>;  // false: no more

  void index_all();
  void each_equal(const std::vector<Row>& rows, std::uint64_t hash, const Found& found);
  Held held(const Row& row, const Entry& entry) const;
  bool has_header(const Entry& entry, const mail::HeaderId& header, const mail::MatchKey& key);

  PackIndex& index_;
  BaseSnapshot& base_;
  std::mutex mutex_;  // guards all below
  bool is_indexed_ = false;
  std::vector<Row> by_date_and_size_, by_global_id_;  // sorted
  std::vector<FolderPages> pages_;                    // as the snapshot's folders
  std::set<std::pair<std::uint32_t, std::uint32_t>> claimed_;
};

}  // namespace postferry::archive
