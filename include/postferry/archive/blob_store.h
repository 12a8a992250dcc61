#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/base/ports.h>

namespace postferry::archive {

enum class Kind { config, readme, pack, snapshot, forgotten, tombstone, key, lock };

struct StoreName {
  Kind kind;
  std::string name;  // the path of FORMAT.md relative to the archive, "packs/2026/11/2026...-<hash>.tar.zst"
};

// The grammar of FORMAT.md's names, for every store: in which folder a kind lies (none: beside postferry.json), whether
// by year and month, and whether a name is one of ours.
std::string_view folder_of(Kind kind);
bool has_months(Kind kind);
bool is_store_name(Kind kind, std::string_view name);

struct StoreTraits {
  unsigned parallel = 1;      // operations worth running at once
  bool cheap_ranges = true;   // false: fetch whole packs
};

// Bytes growing until their name is known (it is a hash). The destructor abandons.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual void append(Bytes bytes) = 0;
  virtual void sync() = 0;  // what was appended so far survives a power cut (as a .part, for salvage)
  // Visible only when complete and durable. The same name with the same size already there is success.
  virtual void publish(const StoreName& name) = 0;
};

// Immutable bytes under a name: all that a place to keep archives must offer. Local disk and memory are
// implementations (S3 may be); retry, rate limit and dry run are wrappers. Any thread; a BlobWriter belongs to one.
// Every implementation passes tests/conformance/blob_store_suite.h.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual StoreTraits traits() const = 0;
  virtual std::string where() const = 0;  // for people: the path
  // `part` is the file's name in the run's work folder while it grows ("pack.part").
  virtual std::unique_ptr<BlobWriter> create(Kind kind, const std::string& part) = 0;
  // Throws Error{missing | damaged} if the range does not exist in full.
  virtual void get(const StoreName& name, std::uint64_t from, std::span<std::byte> into) const = 0;
  virtual std::uint64_t size(const StoreName& name) const = 0;
  // Sorted by name. Names that are none of ours are told to `foreign` and passed over.
  using Found = std::function<void(const std::string& name, std::uint64_t size)>;
  using Foreign = std::function<void(const std::string& name)>;
  virtual void list(Kind kind, const Found& found, const Foreign& foreign = {}) const = 0;
  virtual void remove(const StoreName& name) = 0;
};

// A folder on a local (or mounted) disk. `work_folder` is this run's own under tmp/ (made by the caller; may be empty
// for a store that is only read).
std::unique_ptr<BlobStore> folder_store(std::filesystem::path archive, Files& files, std::filesystem::path work_folder);

}  // namespace postferry::archive
