#include "support/faulty_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

namespace postferry::test {
namespace {

std::string key(const std::filesystem::path& path) { return path.lexically_normal().string(); }

Error storage(const std::string& what) { return {Cause::storage, Blast::run, Retry::never, what}; }

}  // namespace

// Bytes growing under a work folder. A node that is no longer in files_ (a cut, a removal) takes nothing
// more.
class FaultyFiles::Writing final : public OpenFile {
 public:
  Writing(FaultyFiles& disk, std::string name, std::shared_ptr<Node> node)
      : disk_(disk), name_(std::move(name)), node_(std::move(node)) {}

  void append(std::span<const std::byte> bytes) override {
    guarded([&] { node_->data.append(as_text(bytes)); });
  }

  void sync() override {
    guarded([&] {
      node_->synced = node_->data.size();
      node_->name_synced = true;
    });
  }

  void publish(const std::filesystem::path& path) override {
    guarded([&] {
      const auto to = key(path);
      if (disk_.files_.contains(to)) throw storage(fmt::format("{}: there is a file of that name", to));
      disk_.add_folders(path.parent_path());
      node_->synced = node_->data.size();
      node_->name_synced = node_->published = true;
      disk_.files_.erase(name_);
      disk_.files_[to] = node_;
      ended_ = true;
    });
  }

 private:
  template <class Act>
  void guarded(Act act) {
    const std::lock_guard lock(disk_.mutex_);
    if (ended_) throw storage(fmt::format("{}: used after it had failed or was published", name_));
    try {
      disk_.before_write(name_);
      const auto found = disk_.files_.find(name_);
      if (found == disk_.files_.end() || found->second != node_)
        throw storage(fmt::format("{}: removed while open", name_));
      act();
    } catch (...) {
      ended_ = true;
      throw;
    }
  }

  FaultyFiles& disk_;
  const std::string name_;
  const std::shared_ptr<Node> node_;
  bool ended_ = false;
};

void FaultyFiles::before_write(const std::filesystem::path& path) {
  ++writes_;
  if (full_at_ != 0 && writes_ >= full_at_)
    throw storage(fmt::format("{}: no space left on device", path.string()));
  if (steps_ != nullptr) steps_->step();
}

void FaultyFiles::add_folders(const std::filesystem::path& path) {
  for (auto folder = path.lexically_normal(); !folder.empty(); folder = folder.parent_path()) {
    folders_.insert(folder.string());
    if (folder == folder.parent_path()) break;
  }
}

std::unique_ptr<OpenFile> FaultyFiles::create(const std::filesystem::path& work_folder,
                                              const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto path = key(work_folder / name);
  before_write(path);
  if (!folders_.contains(key(work_folder)))
    throw storage(fmt::format("{}: no such folder", work_folder.string()));
  if (files_.contains(path)) throw storage(fmt::format("{}: file exists", path));
  const auto node = std::make_shared<Node>();
  files_[path] = node;
  return std::make_unique<Writing>(*this, path, node);
}

void FaultyFiles::read_range(const std::filesystem::path& path, std::uint64_t from,
                             std::span<std::byte> into) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(key(path));
  if (found == files_.end())
    throw Error(Cause::missing, Blast::run, Retry::never, fmt::format("{}: not there", path.string()));
  const auto& data = found->second->data;
  if (from > data.size() || into.size() > data.size() - from) {
    throw Error(Cause::damaged, Blast::run, Retry::never,
                fmt::format("{}: shorter than expected", path.string()));
  }
  if (!into.empty()) std::memcpy(into.data(), data.data() + from, into.size());
}

std::vector<FileInfo> FaultyFiles::list(const std::filesystem::path& folder) const {
  const std::lock_guard lock(mutex_);
  std::vector<FileInfo> found;
  const auto in_folder = [&](const std::string& path) {
    return key(std::filesystem::path(path).parent_path()) == key(folder);
  };
  for (const auto& path : folders_) {
    if (in_folder(path) && path != key(folder))
      found.push_back({std::filesystem::path(path).filename().string(), 0, true});
  }
  for (const auto& [path, node] : files_) {
    if (in_folder(path))
      found.push_back({std::filesystem::path(path).filename().string(), node->data.size(), false});
  }
  std::sort(found.begin(), found.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  return found;
}

bool FaultyFiles::exists(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return files_.contains(key(path)) || folders_.contains(key(path));
}

std::uint64_t FaultyFiles::size(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(key(path));
  if (found == files_.end())
    throw Error(Cause::missing, Blast::run, Retry::never, fmt::format("{}: not there", path.string()));
  return found->second->data.size();
}

void FaultyFiles::make_folder(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (folders_.contains(key(path))) return;
  before_write(path);
  add_folders(path);
}

// Full disks remove all the same, and destructors remove: after death nothing happens, and nothing is thrown.
void FaultyFiles::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (steps_ != nullptr && !steps_->quiet_step()) return;
  const auto name = key(path);
  if (const auto found = files_.find(name); found != files_.end()) {
    graves_.insert_or_assign(name, found->second);
    files_.erase(found);
    return;
  }
  if (!folders_.contains(name)) return;
  const auto inside = [&](const std::string& other) { return other.starts_with(name + '/'); };
  const bool full =
      std::any_of(files_.begin(), files_.end(), [&](const auto& file) { return inside(file.first); }) ||
      std::any_of(folders_.begin(), folders_.end(), inside);
  if (full) throw storage(fmt::format("{}: folder not empty", name));
  folders_.erase(name);
}

void FaultyFiles::power_cut(Cut how) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::shared_ptr<Node>> after;
  for (const auto& [path, node] : files_) {
    auto left = std::make_shared<Node>(*node);  // a copy: OpenFiles of before write into nothing
    if (how != Cut::keep) {
      if (!left->name_synced && how == Cut::drop) continue;
      const auto tail = left->data.size() - left->synced;
      left->data.resize(left->synced + (how == Cut::tear ? tail / 2 : 0));
    }
    left->synced = left->data.size();
    left->name_synced = true;
    after[path] = std::move(left);
  }
  if (how == Cut::drop) {
    for (const auto& [path, node] : graves_) {
      if (!node->name_synced || after.contains(path)) continue;
      auto back = std::make_shared<Node>(*node);
      back->data.resize(back->synced);
      add_folders(std::filesystem::path(path).parent_path());
      after[path] = std::move(back);
    }
  }
  graves_.clear();
  files_ = std::move(after);
}

void FaultyFiles::fill_up_at(std::uint64_t operation) {
  const std::lock_guard lock(mutex_);
  full_at_ = operation == 0 ? 0 : writes_ + operation;
}

std::uint64_t FaultyFiles::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

std::map<std::string, std::string> FaultyFiles::contents() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> all;
  for (const auto& [path, node] : files_) all[path] = node->data;
  return all;
}

void FaultyFiles::sign_anew(const std::string& from, const std::string& to, const std::string& within) {
  const auto replaced = [&](std::string text) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), to);
    return text;
  };
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::shared_ptr<Node>> files;
  for (const auto& [path, node] : files_) {
    if (path.find(within) != std::string::npos) node->data = replaced(node->data);
    files[replaced(path)] = node;
  }
  std::set<std::string> folders;
  for (const auto& path : folders_) folders.insert(replaced(path));
  files_ = std::move(files);
  folders_ = std::move(folders);
}

void FaultyFiles::flip_bit(const std::filesystem::path& path, std::uint64_t at) {
  const std::lock_guard lock(mutex_);
  auto& data = files_.at(key(path))->data;
  data.at(at) = static_cast<char>(static_cast<unsigned char>(data.at(at)) ^ 1U);
}

}  // namespace postferry::test
