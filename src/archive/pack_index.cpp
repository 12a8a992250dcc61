#include "pack_index.h"

#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

#include "stored_body.h"
#include "tombstones.h"

namespace postferry::archive {
namespace {

constexpr std::uint64_t loaded_at_once = 1U << 20U;  // larger messages are streamed

}  // namespace

void PackIndex::use(Cache* cache) {
  const Lock lock(mutex_);
  cache_ = cache;
}

void PackIndex::listen(Note note) {
  const Lock lock(mutex_);
  note_ = std::move(note);
}

void PackIndex::tell(const std::string& note) const {
  if (note_) note_(note);
}

std::vector<std::string> PackIndex::list() {
  const Lock lock(mutex_);
  list_locked();
  return packs_;
}

std::vector<std::string> PackIndex::packs() {
  const Lock lock(mutex_);
  if (!is_list_known_) list_locked();
  return packs_;
}

void PackIndex::list_locked() {
  std::vector<std::string> found;
  const auto entombed = entombed_packs(store_);
  store_.list(Kind::pack, [&](const std::string& name, std::uint64_t) {
    if (!entombed.contains(name)) found.push_back(name);
  });
  if (is_loaded_) {
    const bool all_there = std::all_of(numbered_.begin(), numbered_.end(), [&](const std::string& pack) {
      return std::binary_search(found.begin(), found.end(), pack);
    });
    if (!all_there) {
      is_loaded_ = false;
      held_.clear(), numbered_.clear(), open_.clear();
    }
  }
  packs_ = std::move(found);
  is_list_known_ = true;
  if (is_loaded_) {
    // what others have published meanwhile
    const std::set<std::string> loaded(numbered_.begin(), numbered_.end());
    for (const auto& pack : packs_) {
      if (!loaded.contains(pack)) load_pack(pack);
    }
  }
}

bool PackIndex::is_listed(const std::string& pack) const { return std::binary_search(packs_.begin(), packs_.end(), pack); }

void PackIndex::load_locked() {
  if (is_loaded_) return;
  if (!is_list_known_) list_locked();
  held_.clear(), numbered_.clear();
  std::set<std::string> cached;
  if (cache_ != nullptr) {
    for (const auto& pack : cache_->packs()) {
      if (is_listed(pack)) {
        cached.insert(pack);
      } else {
        cache_->drop_pack(pack);
      }
    }
    if (!cached.empty()) load_from_cache(cached);
  }
  for (const auto& pack : packs_) {
    if (!cached.contains(pack)) load_pack(pack);
  }
  is_loaded_ = true;
}

void PackIndex::load_from_cache(const std::set<std::string>& listed) {
  std::string last;
  std::uint32_t number = 0;
  bool is_wanted = false;
  cache_->each([&](const codec::Digest& hash, const std::string& pack) {
    if (pack != last) {
      last = pack;
      is_wanted = listed.contains(pack);
      if (is_wanted) number = number_of(pack);
    }
    if (is_wanted) held_.add(prefix_of(hash), number);
  });
  for (const auto& pack : listed) number_of(pack);  // one without entries, too
}

void PackIndex::load_pack(const std::string& pack) {
  try {
    const PackReader reader(store_, pack, [this](const Error& why) { tell(why.what()); });
    std::vector<TocEntry> entries;
    const auto number = number_of(pack);
    reader.each([&](const TocEntry& entry) {
      held_.add(prefix_of(entry.hash), number);
      if (cache_ != nullptr) entries.push_back(entry);
    });
    if (cache_ != nullptr && !reader.walked()) cache_->add_pack(pack, entries);
  } catch (const Error& why) {
    // A pack that cannot be read holds nothing: its mail is fetched again where the server still has it.
    tell(fmt::format("{}: passed over: {}", pack, why.what()));
  }
}

std::uint32_t PackIndex::number_of(const std::string& pack) {
  const auto found = std::find(numbered_.rbegin(), numbered_.rend(), pack);
  if (found != numbered_.rend()) return static_cast<std::uint32_t>(numbered_.rend() - found - 1);
  numbered_.push_back(pack);
  return static_cast<std::uint32_t>(numbered_.size() - 1);
}

void PackIndex::add(const std::string& pack, std::span<const TocEntry> entries) {
  const Lock lock(mutex_);
  const auto at = std::lower_bound(packs_.begin(), packs_.end(), pack);
  if (is_list_known_ && (at == packs_.end() || *at != pack)) packs_.insert(at, pack);
  if (!is_loaded_) return;
  const auto number = number_of(pack);
  for (const auto& entry : entries) held_.add(prefix_of(entry.hash), number);
}

bool PackIndex::holds(const codec::Digest& hash) {
  const Lock lock(mutex_);
  load_locked();
  return held_.contains(prefix_of(hash));
}

bool PackIndex::is_known_to_hold(const codec::Digest& hash) {
  const Lock lock(mutex_);
  return is_loaded_ && held_.contains(prefix_of(hash));
}

bool PackIndex::pack_holds(const std::string& pack, const codec::Digest& hash) {
  const Lock lock(mutex_);
  try {
    return open_.find(pack, hash).has_value();
  } catch (const Error&) {
    return false;  // it is told when the pack is loaded
  }
}

std::optional<Located> PackIndex::locate(const codec::Digest& hash) {
  const Lock lock(mutex_);
  return locate_locked(hash);
}

std::optional<Located> PackIndex::locate_locked(const codec::Digest& hash) {
  if (!is_list_known_) list_locked();
  if (auto found = from_cache(hash)) return found;
  load_locked();
  const auto* number = held_.find(prefix_of(hash));
  if (number == nullptr) return std::nullopt;
  const auto& pack = numbered_[*number];
  auto entry = open_.find(pack, hash);
  if (!entry) return std::nullopt;
  return Located{pack, std::move(*entry)};
}

std::optional<Located> PackIndex::from_cache(const codec::Digest& hash) {
  if (cache_ == nullptr) return std::nullopt;
  auto found = cache_->find(hash);
  if (!found || !is_listed(found->pack)) return std::nullopt;
  return found;
}

std::vector<Located> PackIndex::find_prefix(std::string_view hex) {
  const Lock lock(mutex_);
  load_locked();
  std::vector<std::pair<Prefix, std::uint32_t>> matches;
  held_.each([&](const Prefix& prefix, std::uint32_t pack) {
    const auto name = to_hex(std::as_bytes(std::span(prefix)));
    if (name.starts_with(hex.substr(0, name.size()))) matches.emplace_back(prefix, pack);
  });
  std::vector<Located> out;
  for (const auto& [prefix, pack] : matches) {
    codec::Digest hash{};
    const auto bytes = std::as_bytes(std::span(prefix));
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    auto entry = open_.find(numbered_[pack], hash);
    if (entry && to_hex(entry->hash).starts_with(hex)) out.push_back({numbered_[pack], std::move(*entry)});
  }
  std::sort(out.begin(), out.end(), [](const Located& a, const Located& b) { return a.entry.hash < b.entry.hash; });
  return out;
}

std::vector<Located> PackIndex::find_names(const std::function<bool(std::string_view)>& is_wanted) {
  const Lock lock(mutex_);
  if (!is_list_known_) list_locked();
  std::vector<Located> out;
  for (const auto& pack : packs_) {
    try {
      PackReader(store_, pack, {}).each([&](const TocEntry& entry) {
        if (is_wanted(entry.name)) out.push_back({pack, entry});
      });
    } catch (const Error&) {
      // it is told when the pack is loaded
    }
  }
  return out;
}

std::string PackIndex::read_locked(const Located& where) { return open_.reader(where.pack).bytes(where.entry); }

std::string PackIndex::bytes(const codec::Digest& hash) {
  const Lock lock(mutex_);
  for (bool again = false;; again = true) {
    try {
      const auto where = locate_locked(hash);
      if (where) return read_locked(*where);
    } catch (const Error& why) {
      if (again || why.cause != Cause::missing) throw;
    }
    // a prune may have taken a pack away meanwhile: what it held lies in a new one
    if (again) {
      throw Error(Cause::missing, Blast::message, Retry::never,
                  fmt::format("{}: no pack holds {}", store_.where(), to_hex(hash)));
    }
    list_locked();
  }
}

std::unique_ptr<mail::Body> PackIndex::body(const mail::ContentId& content) {
  const Lock lock(mutex_);
  auto where = locate_locked(content.digest);
  if (!where) {
    list_locked();
    where = locate_locked(content.digest);
  }
  if (!where) {
    throw Error(Cause::missing, Blast::message, Retry::never,
                fmt::format("{}: no pack holds the message {}", store_.where(), to_hex(content.digest)));
  }
  return body_at(*where);
}

std::unique_ptr<mail::Body> PackIndex::body_at(const Located& where) {
  if (where.entry.size <= loaded_at_once) {
    return loaded_body(where, [&] { return read_locked(where); });
  }
  return streamed_body(where, [&store = store_, where]() -> std::unique_ptr<ByteSource> {
    struct Source final : ByteSource {
      Source(const BlobStore& from, const Located& at) : pack(from, at.pack, [](const Error&) {}), below(pack.open(at.entry)) {}
      std::size_t read(std::span<std::byte> into) override { return below->read(into); }
      PackReader pack;
      std::unique_ptr<ByteSource> below;
    };
    return std::make_unique<Source>(store, where);
  });
}

}  // namespace postferry::archive
