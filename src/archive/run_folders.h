#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>

#include "entry_spill.h"
#include "prefix_map.h"

namespace postferry::archive {

// What a run has learnt of one folder so far.
struct FolderDraft {
  FolderDraft(mail::Folder the_folder, const std::filesystem::path& work_folder)
      : folder(std::move(the_folder)), entries(work_folder, Numbering::uid), newcomers(work_folder, Numbering::ordinal) {}

  mail::Folder folder;
  bool is_selected = true, is_repeated = false, is_begun = false;
  mail::FolderState state;
  std::chrono::sys_seconds listed_at{};
  std::optional<mail::FolderEnd> end;
  std::vector<mail::Span> reached;
  EntrySpill entries;      // by UID; POP3: those whose ordinal is known
  EntrySpill newcomers;    // POP3: by their place in the listing
  std::vector<std::uint32_t> wanted_again;  // held under this number, and yet fetched again: if that fails, it is still held
};

// The folders of a run: written by its lanes, asked by its ledger, read at the end. Any thread until commit.
class RunFolders {
 public:
  explicit RunFolders(std::filesystem::path work_folder) : work_folder_(std::move(work_folder)) {}

  void declare(const mail::Folder& folder, bool is_selected);
  void repeat(const mail::Folder& folder);
  void begin(const mail::Folder& folder, const mail::FolderState& state, std::chrono::sys_seconds now);
  void span_done(const mail::Folder& folder, mail::Span span);
  void folder_done(const mail::Folder& folder, const mail::FolderEnd& end);

  // `is_newcomer`: POP3, its ordinal is not known yet; `place` is where it stood in the listing.
  void add(const mail::Folder& folder, const Entry& entry, bool is_newcomer, std::uint32_t place);
  void want_again(const std::string& wire_name, std::uint32_t number);

  bool is_declared(const std::string& wire_name) const;
  bool has_global_ids() const;
  // What this run itself has listed with this X-GM-MSGID or OBJECTID.
  std::optional<Entry> with_global_id(const std::string& global_id) const;

  std::map<std::string, FolderDraft>& drafts() { return drafts_; }  // after the last lane

 private:
  struct Place {
    std::uint32_t folder = 0, index = 0;
  };

  FolderDraft& draft(const mail::Folder& folder);

  const std::filesystem::path work_folder_;
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, FolderDraft> drafts_;
  std::vector<FolderDraft*> numbered_;
  PrefixMap<Place> by_global_id_;
};

}  // namespace postferry::archive
