#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <postferry/base/ports.h>

#include "support/step_counter.h"

namespace postferry::test {

// What a power cut leaves of what was written and not synced.
enum class Cut {
  keep,  // everything: only the process died
  drop,  // nothing; and what was removed since is back
  tear,  // the first half of each unsynced tail
};

// A disk in memory that checks its callers, forgets what was not synced, and fails when told to. Any thread.
class FaultyFiles final : public Files {
 public:
  explicit FaultyFiles(StepCounter* steps = nullptr) : steps_(steps) {}

  std::unique_ptr<OpenFile> create(const std::filesystem::path& work_folder,
                                   const std::string& name) override;
  void read_range(const std::filesystem::path& path, std::uint64_t from,
                  std::span<std::byte> into) const override;
  std::vector<FileInfo> list(const std::filesystem::path& folder) const override;
  bool exists(const std::filesystem::path& path) const override;
  std::uint64_t size(const std::filesystem::path& path) const override;
  void make_folder(const std::filesystem::path& path) override;
  void remove(const std::filesystem::path& path) override;

  // The machine goes down and comes up again: OpenFiles of before are dead.
  void power_cut(Cut how);
  // Writing operation number `operation` from now (1 is the next) and all after it find the disk full; 0:
  // none.
  void fill_up_at(std::uint64_t operation);
  std::uint64_t writes() const;  // writing operations so far

  // For tests that damage or compare.
  std::map<std::string, std::string> contents() const;
  // In the names of files and folders, and in the contents of files whose path contains `within`: what was
  // signed with one name is signed with another. `from` and `to` are equally long.
  void sign_anew(const std::string& from, const std::string& to, const std::string& within);
  void flip_bit(const std::filesystem::path& path, std::uint64_t at);

 private:
  class Writing;
  struct Node {
    std::string data;
    std::size_t synced = 0;    // bytes of data that survive a cut
    bool name_synced = false;  // whether the name does
    bool published = false;
  };

  void before_write(const std::filesystem::path& path);  // with mutex_ held
  void add_folders(const std::filesystem::path& path);   // with mutex_ held

  StepCounter* const steps_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> files_;  // guarded by mutex_
  std::map<std::string, std::shared_ptr<Node>>
      graves_;                              // guarded by mutex_; removed, and a cut may bring them back
  std::set<std::string> folders_;           // guarded by mutex_
  std::uint64_t writes_ = 0, full_at_ = 0;  // guarded by mutex_
};

}  // namespace postferry::test
