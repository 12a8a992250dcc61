#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <postferry/archive/archive.h>

#include "base_snapshot.h"
#include "folder_pages.h"
#include "run_folders.h"

namespace postferry::archive {

// What of the last snapshot could be the same message under another reference: by date and size, over all its folders,
// and by global id. Indexed on first need, 16 bytes an entry. Any thread.
//
// Only an entry that has left its place can be a message that appears elsewhere; what is still where it was vouches for
// itself alone. So claims are made when all folders have been listed (mail/ledger.h), and one to one: where more messages
// appear than entries have left, or several contents answer to one header, nobody can tell which is which.
class Candidates {
 public:
  Candidates(PackIndex& index, BaseSnapshot& base, const RunFolders& run) : index_(index), base_(base), run_(run) {}

  struct Held {
    std::string wire_name, epoch;
    Entry entry;
  };

  // What a lane was not asked about, of the entries with numbers in its span.
  void absent(const std::string& wire_name, std::span<const std::uint32_t> numbers);
  void listed(const std::string& wire_name);      // what was told to be absent is
  void renumbered(const std::string& wire_name);  // a new UIDVALIDITY: every entry has left its place
  bool is_listed(const std::string& wire_name);

  // Some entry has the date and size of this message, which appears in `wire_name`. False without a date or a size.
  bool has_twin_of(const std::string& wire_name, const mail::Meta& meta);
  // The entry that has left its place, whose key exists and equals `key`, and whose header hash is `header`; claimed.
  std::optional<Held> claim(const mail::Meta& meta, const mail::HeaderId& header, const std::optional<mail::MatchKey>& key);
  // An entry with this X-GM-MSGID or OBJECTID: the same content, by the server's own word.
  std::optional<Held> with_global_id(const std::string& global_id);

 private:
  struct Row {
    std::uint64_t hash = 0;
    std::uint32_t folder = 0, number = 0;
    bool operator<(const Row& other) const { return hash < other.hash; }
  };

  struct Asker {  // a message that appears, and what it looks like
    std::uint64_t hash = 0, name = 0;
    auto operator<=>(const Asker&) const = default;
  };

  enum class Place : std::uint8_t { unknown, listed, renumbered };

  using Found = std::function<bool(const Row&, const Entry&)>;  // false: no more

  void index_all();
  void each_equal(const std::vector<Row>& rows, std::uint64_t hash, const Found& found);
  Held held(const Row& row, const Entry& entry) const;
  bool has_header(const Entry& entry, const mail::HeaderId& header, const mail::MatchKey& key);
  bool has_left(const Row& row) const;
  std::size_t count_askers(std::uint64_t hash);
  std::optional<std::uint32_t> folder_number(const std::string& wire_name) const;

  PackIndex& index_;
  BaseSnapshot& base_;
  const RunFolders& run_;
  std::mutex mutex_;  // guards all below
  bool is_indexed_ = false;
  std::vector<Row> by_date_and_size_, by_global_id_;  // sorted
  std::vector<FolderPages> pages_;                    // as the snapshot's folders
  std::map<std::uint32_t, Place> places_;                     // by folder
  std::set<std::pair<std::uint32_t, std::uint32_t>> absent_;  // folder and number
  std::vector<Asker> askers_;                                 // sorted and single up to sorted_askers_
  std::size_t sorted_askers_ = 0;
  std::set<std::pair<std::uint32_t, std::uint32_t>> claimed_;
};

}  // namespace postferry::archive
