#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <postferry/archive/archive.h>
#include <postferry/base/ports.h>

#include "entry_spill.h"
#include "journal.h"
#include "pack_index.h"
#include "pack_writer.h"
#include "prefix_map.h"

namespace postferry::archive {

// What killed runs had fetched of each (folder, epoch), by number; POP3: in the order of the journal, by `uidl`.
using SalvagedEntries = std::map<std::pair<std::string, std::string>, EntrySpill>;

// Takes over what killed or abandoned runs of an account left under tmp/: whole messages of their .part files go into a
// new pack, published at once; their journals' lines go into ours, as far as their content resolves; then their folders
// are removed. A kill anywhere in it leaves nothing that the next run could not do again.
class Salvage {
 public:
  struct Tools {
    Files& files;
    PackIndex& index;
    PackWriter& packs;
    Journal& journal;         // ours
    codec::Codec codec;
    std::filesystem::path tmp, work_folder;  // ours
    mail::AccountId account;
  };

  explicit Salvage(Tools tools) : tools_(std::move(tools)) {}

  void run();
  SalvagedEntries take_entries() { return std::move(entries_); }
  std::uint64_t bodies() const { return bodies_; }
  std::uint64_t lines() const { return lines_; }

 private:
  bool is_ours_and_dead(const std::string& folder) const;
  void take_bodies(const std::filesystem::path& folder);
  void take_lines(const std::filesystem::path& folder);
  void write_journal();

  Tools tools_;
  SalvagedEntries entries_;
  PrefixMap<char> taken_bodies_, taken_uidls_;  // each once, also from folders that a kill has left twice
  std::uint64_t bodies_ = 0, lines_ = 0;
};

// In a work folder: its run has ended without a commit, though its process may live on.
inline constexpr const char* abandoned_file = "abandoned";
using mail::pop3_epoch;

// With everything in it. What another process removes meanwhile is no error.
void remove_work_folder(Files& files, const std::filesystem::path& folder);

}  // namespace postferry::archive
