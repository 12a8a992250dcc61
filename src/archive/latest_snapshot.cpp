#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "base_snapshot.h"
#include "small_blob.h"
#include "snapshot_file.h"
#include "tar_path.h"

namespace postferry::archive {
namespace {

class Search {
 public:
  Search(PackIndex& index, const mail::AccountId& account, Cache* cache, const PackIndex::Note& note)
      : index_(index), account_(account), slug_(account_slug(account)), note_(note) {
    if (cache != nullptr) remembered_ = cache->highest_seq(account);
  }

  Latest run() {
    const auto names = list();
    if (!names.empty()) out_.last_name = names.back();
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      read(*name);
      if (unread_ == 0 && is_surely_the_last(names.size())) break;
    }
    out_.highest_seq = out_.snapshot ? out_.snapshot->seq : 0;
    if (remembered_ > out_.highest_seq) recover_all();
    // what could not be read has had a seq of its own
    out_.highest_seq += unread_;
    if (remembered_ > out_.highest_seq) {
      tell(fmt::format("{}: this archive has been rolled back: snapshot {} of {} was seen here, the last one now is {}",
                       index_.store().where(), remembered_, printable(account_), out_.highest_seq));
    }
    return std::move(out_);
  }

 private:
  void tell(const std::string& text) const {
    if (note_) note_(text);
  }

  std::vector<std::string> list() {
    std::vector<std::string> out;
    index_.store().list(Kind::snapshot, [&](const std::string& name, std::uint64_t) {
      if (slug_part(name) == slug_) out.push_back(name);
    });
    index_.store().list(Kind::forgotten, [&](const std::string& name, std::uint64_t) {
      if (name.find(slug_) != std::string::npos) ++forgotten_;
    });
    return out;
  }

  bool is_surely_the_last(std::size_t present) const {
    if (!out_.snapshot) return false;
    const auto seq = out_.snapshot->seq;
    return seq == present + forgotten_ || seq == remembered_;
  }

  void read(const std::string& name) {
    try {
      take(load_snapshot(index_.store(), name));
    } catch (const Error& why) {
      if (why.cause == Cause::config || why.cause == Cause::storage) throw;
      tell(why.what());
      if (recover(name)) {
        tell(fmt::format("{}: the same snapshot was found in a pack, and is used", name));
      } else {
        ++unread_;
      }
    }
  }

  void take(Snapshot snapshot) {
    if (snapshot.account != account_) return;  // two accounts with one slug
    if (!out_.snapshot || snapshot.seq > out_.snapshot->seq) out_.snapshot = std::move(snapshot);
  }

  bool recover(const std::string& name) {
    for (const auto& found : index_.find_prefix(hash_part_of_snapshot(name))) {
      if (is_embedded_name(found.entry.name) && take_embedded(found.entry)) return true;
    }
    return false;
  }

  void recover_all() {
    for (const auto& found : index_.find_names(is_embedded_name)) {
      const auto before = out_.snapshot ? out_.snapshot->seq : 0;
      if (take_embedded(found.entry) && out_.snapshot && out_.snapshot->seq > before) {
        tell(fmt::format("{}: snapshot {} of {} has lost its file; it was found in {}, and is used", index_.store().where(),
                         out_.snapshot->seq, printable(account_), found.pack));
      }
    }
    out_.highest_seq = out_.snapshot ? out_.snapshot->seq : 0;
  }

  bool take_embedded(const TocEntry& entry) {
    try {
      take(read_snapshot(index_.bytes(entry.hash), entry.name));
      return true;
    } catch (const Error& why) {
      if (why.cause == Cause::config) throw;
      return false;  // the file's own damage has been told
    }
  }

  PackIndex& index_;
  const mail::AccountId& account_;
  const std::string slug_;
  const PackIndex::Note& note_;
  std::uint64_t remembered_ = 0, forgotten_ = 0, unread_ = 0;
  Latest out_;
};

}  // namespace

Snapshot load_snapshot(const BlobStore& store, const std::string& name) {
  const auto where = store.where() + "/" + name;
  auto out = read_snapshot(read_blob(store, {Kind::snapshot, name}), where);
  if (!out.id.starts_with(hash_part_of_snapshot(name))) {
    throw Error(Cause::damaged, Blast::run, Retry::never, fmt::format("{}: its bytes do not hash to its name any more", where));
  }
  out.name = name;
  return out;
}

Latest latest_snapshot(PackIndex& index, const mail::AccountId& account, Cache* cache, const PackIndex::Note& note) {
  return Search(index, account, cache, note).run();
}

}  // namespace postferry::archive
