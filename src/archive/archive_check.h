#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>

#include "pack_index.h"
#include "prefix_map.h"

namespace postferry::archive {

// One check of an archive (archive.h, Archive::check). Looks at everything anew, and believes no cache.
class ArchiveCheck {
 public:
  using Tell = std::function<void(const Problem&)>;
  using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

  ArchiveCheck(const BlobStore& store, const CheckOptions& options, const Tell& tell, const Progress& progress);

  CheckReport run();

 private:
  struct Pack {
    std::string name;
    std::uint64_t size = 0;
  };
  struct Lost {
    std::string pack;
    TocEntry entry;
    std::string why;
  };

  void list();
  void read_tables();
  void read_table(const Pack& pack);
  void read_snapshots();
  void check_sequence();
  void check_names(const Snapshot& snapshot);
  void check_folder(const Snapshot& snapshot, const FolderRecord& folder);
  bool is_chosen(const Pack& pack) const;
  void read_data();
  void read_pack(const Pack& pack);
  void tell_lost();

  void error(const std::string& where, const std::string& what, std::vector<std::string> messages = {});
  void note(const std::string& where, const std::string& what);
  void advance(std::uint64_t bytes);

  const BlobStore& store_;
  const CheckOptions& options_;
  const Tell& tell_;
  const Progress& progress_;
  PackIndex index_;
  CheckReport report_;
  std::vector<Pack> packs_;
  std::vector<Snapshot> snapshots_;
  std::set<std::string> damaged_snapshots_;
  PrefixMap<char> mails_;            // each content once, however many packs hold it
  std::set<codec::Digest> good_shelves_;
  std::map<std::string, std::set<std::string>> told_;  // what has been said of a pack
  std::vector<Lost> lost_;
  std::uint64_t done_ = 0, all_ = 0;
};

// "INBOX/Work, 2026-11-20T12:00:00+00:00, from A, "subject"": a message for people.
std::string message_for_people(const std::string& folder, const Entry& entry, const TocEntry* toc);
std::string path_for_people(const mail::Folder& folder);

}  // namespace postferry::archive
