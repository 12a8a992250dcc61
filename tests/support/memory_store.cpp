#include "support/memory_store.h"

#include <algorithm>
#include <utility>

#include <postferry/base/error.h>

namespace postferry::test {
namespace {

Error failure(Cause cause, const std::string& name, const char* why) {
  return {cause, cause == Cause::storage ? Blast::run : Blast::message, Retry::never, name + ": " + why};
}

}  // namespace

class MemoryStore::Writer final : public archive::BlobWriter {
 public:
  explicit Writer(MemoryStore& store) : store_(store) {}

  void append(Bytes bytes) override {
    check();
    bytes_ += as_text(bytes);
  }
  void sync() override { check(); }
  void publish(const archive::StoreName& name) override {
    check();
    if (!archive::is_store_name(name.kind, name.name))
      throw failure(Cause::storage, name.name, "no name of ours");
    const std::lock_guard lock(store_.mutex_);
    const auto there = store_.files_.find(name.name);
    if (there != store_.files_.end() && there->second.size() != bytes_.size()) {
      throw failure(Cause::storage, name.name, "another file of that name is already there");
    }
    if (there == store_.files_.end()) store_.files_.emplace(name.name, std::move(bytes_));
  }

 private:
  void check() const {
    const std::lock_guard lock(store_.mutex_);
    if (store_.check_) store_.check_();
  }

  MemoryStore& store_;
  std::string bytes_;
};

std::unique_ptr<archive::BlobWriter> MemoryStore::create(archive::Kind, const std::string&) {
  return std::make_unique<Writer>(*this);
}

void MemoryStore::get(const archive::StoreName& name, std::uint64_t from, std::span<std::byte> into) const {
  const std::lock_guard lock(mutex_);
  ++reads_;
  const auto file = files_.find(name.name);
  if (file == files_.end()) throw failure(Cause::missing, name.name, "not there");
  if (from > file->second.size() || into.size() > file->second.size() - from) {
    throw failure(Cause::damaged, name.name, "ends before the range");
  }
  const auto bytes = as_bytes(file->second).subspan(from, into.size());
  std::copy(bytes.begin(), bytes.end(), into.begin());
}

std::uint64_t MemoryStore::size(const archive::StoreName& name) const {
  const std::lock_guard lock(mutex_);
  const auto file = files_.find(name.name);
  if (file == files_.end()) throw failure(Cause::missing, name.name, "not there");
  return file->second.size();
}

void MemoryStore::list(archive::Kind kind, const Found& found, const Foreign& foreign) const {
  const std::string folder = std::string(archive::folder_of(kind)) + "/";
  for (const auto& [name, bytes] : contents()) {
    if (archive::is_store_name(kind, name)) {
      found(name, bytes.size());
    } else if (folder != "/" && name.starts_with(folder) && foreign) {
      foreign(name);
    }
  }
}

void MemoryStore::remove(const archive::StoreName& name) {
  if (!archive::is_store_name(name.kind, name.name)) throw failure(Cause::storage, name.name, "none of ours");
  const std::lock_guard lock(mutex_);
  files_.erase(name.name);
}

std::map<std::string, std::string> MemoryStore::contents() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

void MemoryStore::put(const std::string& name, std::string bytes) {
  const std::lock_guard lock(mutex_);
  files_[name] = std::move(bytes);
}

void MemoryStore::flip_bit(const std::string& name, std::uint64_t bit) {
  const std::lock_guard lock(mutex_);
  auto& byte = files_.at(name).at(bit / 8);
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
}

void MemoryStore::before_writing(std::function<void()> check) {
  const std::lock_guard lock(mutex_);
  check_ = std::move(check);
}

std::uint64_t MemoryStore::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

}  // namespace postferry::test
