#include <utility>
#include <vector>

#include <fmt/format.h>
#include <postferry/archive/blob_store.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::archive {
namespace {

namespace fs = std::filesystem;

class FolderWriter final : public BlobWriter {
 public:
  FolderWriter(const fs::path& archive, Files& files, std::unique_ptr<OpenFile> file, fs::path part)
      : archive_(archive), files_(files), file_(std::move(file)), part_(std::move(part)) {}

  void append(Bytes bytes) override {
    file_->append(bytes);
    size_ += bytes.size();
  }

  void sync() override { file_->sync(); }

  void publish(const StoreName& name) override {
    if (!is_store_name(name.kind, name.name)) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: no name for this kind of file", printable(name.name)));
    }
    const auto path = archive_ / name.name;
    if (already_there(path)) return drop();
    try {
      file_->publish(path);
    } catch (const Error&) {
      // somebody else may have published the same bytes between the look and the rename
      if (!already_there(path)) throw;
      drop();
    }
  }

 private:
  // The name holds the hash of the bytes: the same name and size is the same file.
  bool already_there(const fs::path& path) const { return files_.exists(path) && files_.size(path) == size_; }

  void drop() {
    file_.reset();
    files_.remove(part_);
  }

  const fs::path& archive_;
  Files& files_;
  std::unique_ptr<OpenFile> file_;
  const fs::path part_;
  std::uint64_t size_ = 0;
};

class FolderStore final : public BlobStore {
 public:
  FolderStore(fs::path archive, Files& files, fs::path work_folder)
      : archive_(std::move(archive)), files_(files), work_folder_(std::move(work_folder)) {}

  StoreTraits traits() const override { return {.parallel = 4, .cheap_ranges = true}; }
  std::string where() const override { return archive_.string(); }

  std::unique_ptr<BlobWriter> create(Kind, const std::string& part) override {
    if (work_folder_.empty()) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: opened for reading only", printable(archive_.string())));
    }
    return std::make_unique<FolderWriter>(archive_, files_, files_.create(work_folder_, part),
                                          work_folder_ / part);
  }

  void get(const StoreName& name, std::uint64_t from, std::span<std::byte> into) const override {
    files_.read_range(archive_ / name.name, from, into);
  }

  std::uint64_t size(const StoreName& name) const override {
    const auto path = archive_ / name.name;
    if (!files_.exists(path)) {
      throw Error(Cause::missing, Blast::message, Retry::never,
                  fmt::format("{}: not there", printable(path.string())));
    }
    return files_.size(path);
  }

  void list(Kind kind, const Found& found, const Foreign& foreign) const override {
    const std::string top(folder_of(kind));
    if (!top.empty()) return list_folder(kind, top, has_months(kind) ? 2 : 0, found, foreign);
    const std::string only = kind == Kind::config ? "postferry.json" : "README.txt";
    if (files_.exists(archive_ / only)) found(only, files_.size(archive_ / only));
  }

  void remove(const StoreName& name) override {
    if (!is_store_name(name.kind, name.name)) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: none of our files, not removed", printable(name.name)));
    }
    files_.remove(archive_ / name.name);
  }

 private:
  // `depth` folders (year, month) lie between `folder` and its files.
  void list_folder(Kind kind, const std::string& folder, int depth, const Found& found,
                   const Foreign& foreign) const {
    for (const auto& file : files_.list(archive_ / folder)) {
      const auto name = folder + "/" + file.name;
      if (depth > 0 && file.is_folder && parse_number(file.name)) {
        list_folder(kind, name, depth - 1, found, foreign);
      } else if (depth == 0 && !file.is_folder && is_store_name(kind, name)) {
        found(name, file.size);
      } else if (foreign) {
        foreign(name);
      }
    }
  }

  const fs::path archive_;
  Files& files_;
  const fs::path work_folder_;
};

}  // namespace

std::unique_ptr<BlobStore> folder_store(fs::path archive, Files& files, fs::path work_folder) {
  return std::make_unique<FolderStore>(std::move(archive), files, std::move(work_folder));
}

}  // namespace postferry::archive
