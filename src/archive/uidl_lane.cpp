#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

#include "backup_ledger.h"
#include "folder_pages.h"

namespace postferry::archive {
namespace {

Prefix name_of(const std::string& uidl) { return prefix_of(codec::Sha256::of(as_bytes(uidl))); }

std::uint64_t told_size(const Entry& entry) { return entry.server_size.value_or(entry.size); }

// Servers have been seen to keep a UIDL and change the message; the size in LIST tells. Without one nothing speaks
// against it.
bool size_agrees(const std::optional<std::uint64_t>& size, std::uint64_t told) { return !size || *size == told; }

// The held messages of a drop: by UIDL where that is sound, else by what LIST and TOP say. Two of them never answer for
// one listed message, nor one for two.
class UidlLane final : public mail::LaneLedger {
 public:
  UidlLane(Holdings& holdings, const mail::Folder& folder, const FolderRecord* record)
      : holdings_(holdings), wire_name_(folder.wire_name) {
    if (record != nullptr) {
      pages_.emplace(holdings.index, record->shelves);
      pages_->each([&](const Entry& entry) { add(entry, entry.number, false); }, {});  // what cannot be read is not held
    }
    const auto found = holdings.salvaged.find({wire_name_, std::string(pop3_epoch)});
    if (found == holdings.salvaged.end()) return;
    salvaged_ = &found->second;
    for (std::size_t i = 0; i < salvaged_->size(); ++i) add(salvaged_->at(i), static_cast<std::uint32_t>(i), true);
  }

  bool empty() const override { return rows_.empty(); }

  void foresee(const std::string& uidl, std::optional<std::uint64_t> size) override {
    for (const auto* names : {&held_, &saved_}) {
      const auto* at = names->find(name_of(uidl));
      if (at != nullptr && size_agrees(size, rows_[*at].told)) rows_[*at].is_foreseen = true;
    }
  }

  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    out.clear();
    out.reserve(page.size());
    for (const auto& meta : page) {
      auto known = by_uidl(meta);
      const auto kind = known ? Kind::known : has_twin_of(meta) ? Kind::maybe : Kind::wanted;
      out.push_back({kind, std::move(known)});
    }
  }

  // Not by the header alone where two held messages of one size have it and differ: only the body tells them apart.
  std::optional<mail::Known> by_header(const mail::Meta& meta, const mail::HeaderId& header,
                                       const std::optional<mail::MatchKey>& key) override {
    if (!meta.size || !key) return std::nullopt;
    std::optional<mail::ContentId> content;
    Row* free = nullptr;
    std::optional<Entry> entry_of_free;
    for (const auto at : of_header(*meta.size, header, *key)) {
      auto& row = rows_[at];
      const auto entry = entry_of(row);
      if (!entry || !has_header(*entry, header, *key)) continue;
      if (content && *content != entry->content) return std::nullopt;
      content = entry->content;
      if (!row.is_claimed && !row.is_foreseen && free == nullptr) free = &row, entry_of_free = entry;
    }
    if (free == nullptr) return std::nullopt;
    auto known = known_as(meta, *free, *entry_of_free);
    if (known) free->is_claimed = true, known->by_header = true;
    return known;
  }

 private:
  using Kind = mail::Verdict::Kind;

  struct Row {
    std::uint64_t told = 0;    // size, as the server tells it
    std::uint64_t print = 0;   // of header and key, once somebody has asked by a header
    std::uint32_t number = 0;  // our ordinal, or the place among the salvaged
    bool is_printed = false;
    bool is_salvaged = false;
    bool is_foreseen = false;  // its UIDL is in this listing
    bool is_claimed = false;   // it has answered for a listed message
  };

  void add(const Entry& entry, std::uint32_t number, bool is_salvaged) {
    // What we have deleted there and is shown all the same is read again: a server may give a UIDL twice in its life.
    if (entry.presence == Presence::released) return;
    const auto at = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back({.told = told_size(entry), .number = number, .is_salvaged = is_salvaged});
    if (!entry.uidl.empty()) (is_salvaged ? saved_ : held_).add(name_of(entry.uidl), at);
  }

  std::optional<Entry> entry_of(const Row& row) {
    if (row.is_salvaged) return salvaged_->at(row.number);
    const auto* entry = pages_->find(row.number);
    return entry == nullptr ? std::nullopt : std::optional(*entry);
  }

  std::optional<mail::Known> known_as(const mail::Meta& meta, const Row& row, const Entry& entry) {
    auto known = holdings_.known(meta, entry);
    if (known && !row.is_salvaged) known->same_as = mail::MessageRef{std::string(pop3_epoch), row.number, entry.uidl};
    return known;
  }

  std::optional<mail::Known> by_uidl(const mail::Meta& meta) {
    if (meta.ref.uidl.empty()) return std::nullopt;
    if (auto known = by_uidl(meta, held_)) return known;
    if (auto known = by_uidl(meta, saved_)) return known;
    const auto* at = held_.find(name_of(meta.ref.uidl));
    if (at != nullptr && !rows_[*at].is_claimed) holdings_.run.want_again(wire_name_, rows_[*at].number);
    return std::nullopt;
  }

  std::optional<mail::Known> by_uidl(const mail::Meta& meta, const PrefixMap<std::uint32_t>& names) {
    const auto* at = names.find(name_of(meta.ref.uidl));
    if (at == nullptr || rows_[*at].is_claimed || !size_agrees(meta.size, rows_[*at].told)) return std::nullopt;
    const auto entry = entry_of(rows_[*at]);
    if (!entry || entry->uidl != meta.ref.uidl) return std::nullopt;
    auto known = known_as(meta, rows_[*at], *entry);
    if (known) rows_[*at].is_claimed = true;
    return known;
  }

  // A listed message without a UIDL that is held may be one that has got another.
  bool has_twin_of(const mail::Meta& meta) {
    if (!meta.size || holdings_.full) return false;
    const auto found = of_size(*meta.size);
    return std::any_of(found.begin(), found.end(),
                       [&](std::uint32_t at) { return !rows_[at].is_claimed && !rows_[at].is_foreseen; });
  }

  std::span<std::uint32_t> of_size(std::uint64_t size) {
    if (by_size_.size() != rows_.size()) {
      by_size_.resize(rows_.size());
      for (std::uint32_t i = 0; i < by_size_.size(); ++i) by_size_[i] = i;
      std::stable_sort(by_size_.begin(), by_size_.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return rows_[a].told < rows_[b].told; });
    }
    const auto first = std::lower_bound(by_size_.begin(), by_size_.end(), size,
                                        [&](std::uint32_t at, std::uint64_t s) { return rows_[at].told < s; });
    const auto last = std::upper_bound(first, by_size_.end(), size,
                                       [&](std::uint64_t s, std::uint32_t at) { return s < rows_[at].told; });
    return {first, last};
  }

  static std::uint64_t print_of(const mail::HeaderId& header, const std::optional<mail::MatchKey>& key) {
    if (!key) return 0;  // without a key the header vouches for nothing
    std::uint64_t one = 0, other = 0;
    std::memcpy(&one, header.digest.data(), sizeof one);
    std::memcpy(&other, key->digest.data(), sizeof other);
    return one ^ other;
  }

  // Those of this size whose header may be this one. A table of contents is looked into once a message.
  std::span<std::uint32_t> of_header(std::uint64_t size, const mail::HeaderId& header, const mail::MatchKey& key) {
    const auto all = of_size(size);
    if (!all.empty() && !rows_[all.front()].is_printed) {
      for (const auto at : all) look_up_print(rows_[at]);
      std::stable_sort(all.begin(), all.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return rows_[a].print < rows_[b].print; });
    }
    const auto wanted = print_of(header, key);
    const auto first = std::lower_bound(all.begin(), all.end(), wanted,
                                        [&](std::uint32_t at, std::uint64_t print) { return rows_[at].print < print; });
    const auto last = std::upper_bound(first, all.end(), wanted,
                                       [&](std::uint64_t print, std::uint32_t at) { return print < rows_[at].print; });
    return {first, last};
  }

  void look_up_print(Row& row) {
    row.is_printed = true;
    const auto entry = entry_of(row);
    if (!entry || !holdings_.base.resolves(entry->content)) return;
    if (const auto located = holdings_.index.locate(entry->content.digest)) {
      row.print = print_of(located->entry.header, located->entry.key);
    }
  }

  bool has_header(const Entry& entry, const mail::HeaderId& header, const mail::MatchKey& key) {
    if (!holdings_.base.resolves(entry.content)) return false;
    const auto located = holdings_.index.locate(entry.content.digest);
    return located && located->entry.header == header && located->entry.key == key;
  }

  Holdings& holdings_;
  const std::string wire_name_;
  std::optional<FolderPages> pages_;
  const EntrySpill* salvaged_ = nullptr;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> by_size_;        // rows, by told size
  PrefixMap<std::uint32_t> held_, saved_;     // UIDL → row
};

}  // namespace

std::unique_ptr<mail::LaneLedger> uidl_lane(Holdings& holdings, const mail::Folder& folder, const FolderRecord* record) {
  return std::make_unique<UidlLane>(holdings, folder, record);
}

}  // namespace postferry::archive
