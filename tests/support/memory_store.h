#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <postferry/archive/blob_store.h>

namespace postferry::test {

// A BlobStore in memory. Any thread.
class MemoryStore final : public archive::BlobStore {
 public:
  archive::StoreTraits traits() const override { return {}; }
  std::string where() const override { return "memory"; }
  std::unique_ptr<archive::BlobWriter> create(archive::Kind kind, const std::string& part) override;
  void get(const archive::StoreName& name, std::uint64_t from, std::span<std::byte> into) const override;
  std::uint64_t size(const archive::StoreName& name) const override;
  void list(archive::Kind kind, const Found& found, const Foreign& foreign = {}) const override;
  void remove(const archive::StoreName& name) override;

  // For tests: looks at and changes what no user of a store may.
  std::map<std::string, std::string> contents() const;
  void put(const std::string& name, std::string bytes);
  void flip_bit(const std::string& name, std::uint64_t bit);
  // Called before every append and sync; what it throws is the disk's failure.
  void before_writing(std::function<void()> check);
  std::uint64_t reads() const;  // calls of get()

 private:
  class Writer;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::string> files_;
  std::function<void()> check_;
  mutable std::uint64_t reads_ = 0;
};

}  // namespace postferry::test
