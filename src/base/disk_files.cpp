#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "posix_file.h"

#include <fmt/format.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

namespace postferry {
namespace fs = std::filesystem;
namespace {

fs::path folder_of(const fs::path& path) {
  const auto parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

void make_one_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    // another run, or another thread, may make the same folder
    std::error_code ignored;
    if (errno == EEXIST && fs::is_directory(path, ignored)) return;
    throw posix::failure(path, "make the folder", errno);
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 0777U) != 0700U) ::chmod(path.c_str(), 0700);
  posix::sync_folder(folder_of(path));
}

void make_folders(const fs::path& path) {
  if (path.empty() || path == path.root_path()) return;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return;
  make_folders(path.parent_path());
  make_one_folder(path);
}

// The disk begins with what it has been given while more is coming, so that a sync waits for little.
constexpr std::uint64_t write_ahead = 1U << 20U;

class DiskFile final : public OpenFile {
 public:
  DiskFile(fs::path path, posix::Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  void append(std::span<const std::byte> bytes) override {
    guarded([&] { posix::write_all(file_.get(), bytes, path_); });
    written_ += bytes.size();
    if (written_ - on_its_way_ >= write_ahead) {
      posix::start_writing(file_.get(), on_its_way_, written_ - on_its_way_);
      on_its_way_ = written_;
    }
  }

  void sync() override {
    guarded([&] { posix::sync(file_.get(), path_); });
  }

  void publish(const fs::path& name) override {
    guarded([&] {
      ::fchmod(file_.get(), 0400);  // a file system without modes keeps its own
      posix::sync(file_.get(), path_);
      file_.close(path_);
      make_folders(name.parent_path());
      if (!posix::rename_no_replace(path_, name)) {
        throw Error(Cause::storage, Blast::run, Retry::never,
                    fmt::format("{}: a file of that name is already there", printable(name.native())));
      }
      posix::sync_folder(folder_of(name));
      if (folder_of(path_) != folder_of(name)) posix::sync_folder(folder_of(path_));
    });
    usable_ = false;
  }

 private:
  template <class Action>
  void guarded(Action action) {
    if (!usable_) {
      throw Error(Cause::storage, Blast::run, Retry::never,
                  fmt::format("{}: published or given up before", printable(path_.native())));
    }
    usable_ = false;
    action();
    usable_ = true;
  }

  const fs::path path_;
  posix::Descriptor file_;
  bool usable_ = true;  // false after any failure: what was written before it may be lost
  std::uint64_t written_ = 0, on_its_way_ = 0;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

class DiskFiles final : public Files {
 public:
  std::unique_ptr<OpenFile> create(const fs::path& work_folder, const std::string& name) override {
    auto path = work_folder / name;
    auto file = posix::open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
    return std::make_unique<DiskFile>(std::move(path), std::move(file));
  }

  void read_range(const fs::path& path, std::uint64_t from, std::span<std::byte> into) const override {
    const auto file = posix::open(path, O_RDONLY);
    const std::size_t got = posix::read_at(file.get(), from, into, path);
    if (got < into.size()) {
      throw Error(Cause::damaged, Blast::message, Retry::never,
                  fmt::format("{}: ends at byte {}, {} more were expected", printable(path.native()),
                              from + got, into.size() - got));
    }
  }

  std::vector<FileInfo> list(const fs::path& folder) const override {
    const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
    std::vector<FileInfo> out;
    if (!open) {
      if (errno == ENOENT) return out;
      throw posix::failure(folder, "list", errno);
    }
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(open.get());
      if (entry == nullptr) break;
      add(open.get(), folder, static_cast<const char*>(entry->d_name), out);
    }
    if (errno != 0) throw posix::failure(folder, "list", errno);
    std::sort(out.begin(), out.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
    return out;
  }

  bool exists(const fs::path& path) const override {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw posix::failure(path, "look at", errno);
  }

  std::uint64_t size(const fs::path& path) const override {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) throw posix::failure(path, "look at", errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  void make_folder(const fs::path& path) override { make_folders(path); }

  void remove(const fs::path& path) override {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return;
      throw posix::failure(path, "remove", errno);
    }
    const bool folder = S_ISDIR(info.st_mode);
    if ((folder ? ::rmdir(path.c_str()) : ::unlink(path.c_str())) == 0 || errno == ENOENT) return;
    const int code = errno;
    // SMB shares refuse to remove what is marked read-only
    if (!folder && (code == EACCES || code == EPERM) && ::chmod(path.c_str(), 0600) == 0 &&
        ::unlink(path.c_str()) == 0) {
      return;
    }
    throw posix::failure(path, "remove", code);
  }

 private:
  static void add(DIR* open, const fs::path& folder, std::string_view name, std::vector<FileInfo>& out) {
    if (name == "." || name == "..") return;
    FileInfo file{.name = std::string(name)};
    struct stat info{};
    if (::fstatat(::dirfd(open), file.name.c_str(), &info, 0) != 0) {
      if (errno == ENOENT) return;  // removed meanwhile, or a link that leads nowhere
      throw posix::failure(folder / file.name, "look at", errno);
    }
    file.size = static_cast<std::uint64_t>(info.st_size);
    file.is_folder = S_ISDIR(info.st_mode);
    out.push_back(std::move(file));
  }
};

}  // namespace

std::unique_ptr<Files> disk_files() { return std::make_unique<DiskFiles>(); }

}  // namespace postferry
