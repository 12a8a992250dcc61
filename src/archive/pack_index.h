#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/archive/blob_store.h>
#include <postferry/archive/cache.h>
#include <postferry/archive/toc.h>
#include <postferry/mail/message.h>

#include "open_packs.h"
#include "prefix_map.h"

namespace postferry::archive {

// What the listed packs hold, and where: the archive's own knowledge, from tables of contents, or from the Cache as far
// as it has exactly the packs that are listed. Everything is loaded on first need. Any thread.
class PackIndex {
 public:
  using Note = std::function<void(const std::string&)>;

  explicit PackIndex(const BlobStore& store) : store_(store), open_(store) {}

  void use(Cache* cache);
  void listen(Note note);
  const BlobStore& store() const { return store_; }

  // Lists the packs anew, in order of name; what a tombstone names is left out. What was loaded stays as it is unless a
  // pack has vanished: then all is loaded anew on next need.
  std::vector<std::string> list();
  std::vector<std::string> packs();  // as last listed

  // Is there an entry of this name in a listed pack? From tables of contents, never from the Cache alone.
  bool holds(const codec::Digest& hash);
  // The same if everything has been loaded anyway; else false: for who would only save himself some bytes.
  bool is_known_to_hold(const codec::Digest& hash);
  std::optional<Located> locate(const codec::Digest& hash);
  // Whether this one pack has it, from its own table. False if the pack cannot be read.
  bool pack_holds(const std::string& pack, const codec::Digest& hash);
  // All hashes that begin with these hex digits, each once.
  std::vector<Located> find_prefix(std::string_view hex);

  // Entries whose tar path is wanted; every table is read.
  std::vector<Located> find_names(const std::function<bool(std::string_view)>& is_wanted);

  // A page, shelf or snapshot: verified against its name. Error{missing | damaged, message, never}.
  std::string bytes(const codec::Digest& hash);
  // A message, verified while it is read.
  std::unique_ptr<mail::Body> body(const mail::ContentId& content);

  // A pack that this process has just published.
  void add(const std::string& pack, std::span<const TocEntry> entries);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void list_locked();
  void load_locked();
  void load_from_cache(const std::set<std::string>& listed);
  void load_pack(const std::string& pack);
  std::uint32_t number_of(const std::string& pack);
  bool is_listed(const std::string& pack) const;
  std::optional<Located> locate_locked(const codec::Digest& hash);
  std::optional<Located> from_cache(const codec::Digest& hash);
  std::string read_locked(const Located& where);
  std::unique_ptr<mail::Body> body_at(const Located& where);
  void tell(const std::string& note) const;

  const BlobStore& store_;
  std::mutex mutex_;  // guards all below
  Cache* cache_ = nullptr;
  Note note_;
  bool is_list_known_ = false, is_loaded_ = false;
  std::vector<std::string> packs_;       // sorted
  std::vector<std::string> numbered_;    // packs by the number that held_ knows them by
  PrefixMap<std::uint32_t> held_;
  OpenPacks open_;
};

}  // namespace postferry::archive
