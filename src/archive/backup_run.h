#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/base/ports.h>

#include "account_lock.h"
#include "backup_ledger.h"
#include "base_snapshot.h"
#include "candidates.h"
#include "journal.h"
#include "pack_index.h"
#include "pack_writer.h"
#include "page_builder.h"
#include "pending_receipts.h"
#include "run_folders.h"

namespace postferry::archive {

// What a run needs of its archive.
struct RunPlace {
  std::filesystem::path path;  // of the archive
  ArchiveInfo info;
  Files& files;
  Clock& clock;
  PackIndex& index;
  Cache* cache = nullptr;
  std::function<void(const std::string&)> note;
};

// The work folder of a run: there while the run lasts, marked as abandoned if it ends without a commit.
class WorkFolder {
 public:
  WorkFolder(Files& files, const std::filesystem::path& archive);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void keep_for_salvage() { is_worth_keeping_ = true; }  // something has been fetched
  void clear();

 private:
  Files& files_;
  const std::filesystem::path path_;
  std::atomic<bool> is_worth_keeping_ = false;
  bool is_cleared_ = false;
};

// One run of one account (archive.h, SnapshotWriter).
class BackupRun final : public SnapshotWriter, private PackListener {
 public:
  BackupRun(const RunPlace& place, const RunInfo& run);
  ~BackupRun() override;

  mail::Ledger& ledger() override { return *ledger_; }
  std::filesystem::path work_folder() const override { return folder_.path(); }
  void declare(const mail::Folder& folder, bool selected) override;
  void repeat(const mail::Folder& folder) override;
  void begin(const mail::Folder& folder, const mail::FolderState& state) override;
  void put(const mail::Folder& folder, mail::Message message, mail::Receipts& receipts) override;
  void keep(const mail::Folder& folder, const mail::Known& known) override;
  void span_done(const mail::Folder& folder, mail::Span span) override;
  void folder_done(const mail::Folder& folder, const mail::FolderState& state, const mail::FolderEnd& end) override;
  void flush() override;
  std::string commit(const mail::RunRecord& record, std::uint64_t& unresolved) override;
  std::uint64_t unresolved() const override { return unresolved_; }
  const Snapshot& committed() const override { return *latest_.snapshot; }
  void mark(std::span<const Mark> marks) override;

 private:
  // PackListener, on the appender's thread
  void written(std::span<const std::uint64_t>) override { journal_.flush(); }  // or a kill would cost them again
  void syncing() override { journal_.sync(); }
  void published(const std::string& pack, std::span<const TocEntry> entries, std::span<const std::uint64_t> tickets,
                 std::span<const std::uint64_t> cost) override;

  void salvage();
  void renew_lock();
  void demand_lock();
  void store(const mail::Folder& folder, const mail::Message& message, mail::Receipts& receipts);
  bool list_and_compare();
  std::vector<FolderRecord> merge(ManifestWriter& manifests, bool all_resolves, std::uint64_t& unresolved);
  Snapshot draft_snapshot(const mail::RunRecord& record) const;
  void publish(Snapshot snapshot, bool is_embedded, PackWriter& packs, BlobStore& store);

  const RunPlace place_;
  const RunInfo run_;
  std::uint64_t unresolved_ = 0;     // by commit()
  WorkFolder folder_;
  std::unique_ptr<BlobStore> store_;
  std::mutex lock_mutex_;            // guards lock_
  std::optional<AccountLock> lock_;
  Latest latest_;
  std::vector<std::string> packs_at_begin_;
  std::mutex published_mutex_;       // guards published_
  std::vector<std::string> published_;
  Journal journal_;
  PendingReceipts pending_;
  RunFolders folders_;
  std::optional<BaseSnapshot> base_;
  std::optional<Candidates> candidates_;
  SalvagedEntries salvaged_;
  std::optional<Holdings> holdings_;
  std::optional<BackupLedger> ledger_;
  std::unique_ptr<PackWriter> packs_;  // last: its threads call us
};

}  // namespace postferry::archive
