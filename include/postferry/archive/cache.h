#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <postferry/archive/toc.h>

namespace postferry::archive {

// Where an entry lies.
struct Located {
  std::string pack;
  TocEntry entry;
};

// Look-ups across packs that would otherwise mean reading every table of contents. A cache: validated against the
// list of packs at open (by the archive), rebuilt by itself, never needed to read an archive, never believed alone.
// Implemented by catalog (SQLite in the user's cache folder); losing it costs time. Any thread. It never throws for
// its own damage: it empties itself and answers "unknown".
class Cache {
 public:
  virtual ~Cache() = default;
  virtual std::vector<std::string> packs() = 0;                  // whose tables of contents it holds, whole
  virtual void add_pack(const std::string& pack, std::span<const TocEntry> entries) = 0;
  virtual void drop_pack(const std::string& pack) = 0;
  virtual std::optional<Located> find(const codec::Digest& hash) = 0;
  // All names, for building the held set without reading packs.
  virtual void each(const std::function<void(const codec::Digest& hash, const std::string& pack)>& found) = 0;
  // The highest seq seen of an account: notices an archive that was rolled back. 0: never seen.
  virtual std::uint64_t highest_seq(const std::string& account) = 0;
  virtual void saw_seq(const std::string& account, std::uint64_t seq) = 0;
};

}  // namespace postferry::archive
