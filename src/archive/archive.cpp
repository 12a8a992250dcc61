#include <postferry/archive/archive.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <postferry/archive/blob_store.h>
#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

#include "archive_check.h"
#include "archive_config.h"
#include "backup_run.h"
#include "base_snapshot.h"
#include "folder_pages.h"
#include "process_identity.h"
#include "small_blob.h"
#include "snapshot_file.h"

namespace postferry::archive {
namespace {

namespace fs = std::filesystem;

constexpr const char* config_file = "postferry.json";
constexpr const char* readme_file = "README.txt";

class StoredSnapshot final : public SnapshotReader {
 public:
  StoredSnapshot(PackIndex& index, Snapshot snapshot) : index_(index), snapshot_(std::move(snapshot)) {}

  const Snapshot& snapshot() const override { return snapshot_; }
  void entries(const FolderRecord& folder, const std::function<void(const Entry&)>& found,
               const std::function<void(const Error&)>& missing) const override {
    FolderPages(index_, folder.shelves).each(found, missing);
  }

 private:
  PackIndex& index_;
  const Snapshot snapshot_;
};

class FolderArchive final : public Archive {
 public:
  FolderArchive(fs::path path, const ArchiveConfig& config, Files& files, Clock& clock)
      : path_(std::move(path)), files_(files), clock_(clock), config_(config), store_(folder_store(path_, files, {})),
        index_(*store_) {}

  ArchiveInfo info() const override { return {config_.id, path_.string(), config_.created, config_.codec}; }

  void use(Cache* cache) override {
    cache_ = cache;
    index_.use(cache);
  }

  void listen(std::function<void(const std::string&)> note) override {
    note_ = std::move(note);
    index_.listen(note_);
  }

  std::vector<Snapshot> snapshots(const std::function<void(const Error&)>& damaged) const override {
    std::vector<std::string> names;
    store_->list(Kind::snapshot, [&](const std::string& name, std::uint64_t) { names.push_back(name); });
    std::vector<Snapshot> out;
    for (const auto& name : names) {
      try {
        out.push_back(load_snapshot(*store_, name));
      } catch (const Error& why) {
        if (damaged) damaged(why);
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const Snapshot& a, const Snapshot& b) {
      return std::tie(a.account, a.seq) < std::tie(b.account, b.seq);
    });
    index_.list();  // after the snapshots, so that none of them names a pack that is not listed yet
    return out;
  }

  std::unique_ptr<SnapshotReader> read(const Snapshot& snapshot) const override {
    return std::make_unique<StoredSnapshot>(index_, snapshot);
  }

  std::unique_ptr<mail::Body> body(const mail::ContentId& content) const override { return index_.body(content); }
  std::optional<Located> locate(const codec::Digest& hash) const override { return index_.locate(hash); }

  std::vector<Located> find_prefix(const std::string& hex) const override {
    auto found = index_.find_prefix(lower(hex));
    std::erase_if(found, [](const Located& one) { return !one.entry.is_mail(); });
    return found;
  }

  void each_entry(const std::function<void(const std::string&, const TocEntry&)>& found,
                  const std::function<void(const Error&)>& damaged) const override {
    for (const auto& pack : index_.list()) {
      try {
        PackReader(*store_, pack, damaged).each([&](const TocEntry& entry) { found(pack, entry); });
      } catch (const Error& why) {
        if (damaged) damaged(why);
      }
    }
  }

  std::unique_ptr<SnapshotWriter> begin(const RunInfo& run) override {
    if (!config_.unknown_requires.empty()) {
      throw Error(Cause::config, Blast::run, Retry::never,
                  fmt::format("{}: it needs \"{}\", which this version of postferry does not know; it can be read, not written",
                              printable(path_.string()), printable(config_.unknown_requires.front(), 80)));
    }
    return std::make_unique<BackupRun>(RunPlace{path_, info(), files_, clock_, index_, cache_, note_}, run);
  }

  CheckReport check(const CheckOptions& options, const std::function<void(const Problem&)>& problem,
                    const std::function<void(std::uint64_t, std::uint64_t)>& progress) const override {
    return ArchiveCheck(*store_, options, problem, progress).run();
  }

 private:
  const fs::path path_;
  Files& files_;
  Clock& clock_;
  const ArchiveConfig config_;
  const std::unique_ptr<BlobStore> store_;
  mutable PackIndex index_;
  Cache* cache_ = nullptr;
  std::function<void(const std::string&)> note_;
};

constexpr std::array<const char*, 4> folders = {"tmp", "locks", "packs", "snapshots"};

// Whether `there` is what a create() left that was killed before it was done: nothing but its own folders, without mail.
bool is_half_made(Files& files, const fs::path& path, const std::vector<FileInfo>& there) {
  return std::all_of(there.begin(), there.end(), [&](const FileInfo& file) {
    if (!file.is_folder) return file.name == readme_file;
    const bool ours = std::find(folders.begin(), folders.end(), file.name) != folders.end();
    return ours && (file.name == folders.front() || files.list(path / file.name).empty());
  });
}

void publish_text(Files& files, const fs::path& archive, const std::string& name, const std::string& text) {
  auto file = files.create(archive / "tmp", fmt::format("{}-{}.part", name, random_hex(8)));
  file->append(as_bytes(text));
  file->publish(archive / name);
}

}  // namespace

std::unique_ptr<Archive> Archive::create(const fs::path& path, codec::Codec codec, Files& files, Clock& clock) {
  if (files.exists(path)) {
    const auto there = files.list(path);
    const bool is_ours = std::any_of(there.begin(), there.end(), [](const FileInfo& file) { return file.name == config_file; });
    if (is_ours || !is_half_made(files, path, there)) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  is_ours ? fmt::format("{}: there is an archive already", printable(path.string()))
                          : fmt::format("{}: no archive is made here: the folder is not empty ({})", printable(path.string()),
                                        printable(there.front().name, 80)));
    }
  }
  for (const auto* folder : folders) files.make_folder(path / folder);
  ArchiveConfig config;
  config.id = random_hex(32);
  config.created = std::chrono::floor<std::chrono::seconds>(clock.now());
  config.codec = codec;
  if (!files.exists(path / readme_file)) publish_text(files, path, readme_file, readme_text());
  publish_text(files, path, config_file, write_config(config));  // last: with it, it is an archive
  return open(path, files, clock);
}

std::unique_ptr<Archive> Archive::open(const fs::path& path, Files& files, Clock& clock) {
  if (!files.exists(path)) {
    throw Error(Cause::missing, Blast::run, Retry::never, fmt::format("{}: there is no archive", printable(path.string())));
  }
  if (!files.exists(path / config_file)) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("{} is not an archive: it has no {}", printable(path.string()), config_file));
  }
  std::string bytes(files.size(path / config_file), '\0');
  files.read_range(path / config_file, 0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return std::make_unique<FolderArchive>(path, read_config(bytes, printable((path / config_file).string())), files, clock);
}

}  // namespace postferry::archive
