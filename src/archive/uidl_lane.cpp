#include <optional>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

#include "backup_ledger.h"
#include "folder_pages.h"

namespace postferry::archive {
namespace {

Prefix name_of(const std::string& uidl) { return prefix_of(codec::Sha256::of(as_bytes(uidl))); }

// Servers have been seen to keep a UIDL and change the message; the size in LIST tells. Without one nothing speaks against it.
bool size_agrees(const mail::Meta& meta, const Entry& entry) {
  return !meta.size || *meta.size == entry.server_size.value_or(entry.size);
}

class UidlLane final : public mail::LaneLedger {
 public:
  UidlLane(Holdings& holdings, const mail::Folder& folder, const FolderRecord* record)
      : holdings_(holdings), wire_name_(folder.wire_name) {
    if (record != nullptr) {
      pages_.emplace(holdings.index, record->shelves);
      pages_->each(
          [&](const Entry& entry) {
            if (!entry.uidl.empty()) by_uidl_.add(name_of(entry.uidl), entry.number);
          },
          {});  // what cannot be read is not held
    }
    const auto found = holdings.salvaged.find({wire_name_, std::string(pop3_epoch)});
    if (found == holdings.salvaged.end()) return;
    salvaged_ = &found->second;
    for (std::size_t i = 0; i < salvaged_->size(); ++i) {
      salvaged_by_uidl_.add(name_of(salvaged_->at(i).uidl), static_cast<std::uint32_t>(i));
    }
  }

  bool empty() const override { return by_uidl_.size() == 0 && salvaged_by_uidl_.size() == 0; }

  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    out.clear();
    out.reserve(page.size());
    for (const auto& meta : page) {
      auto known = judge(meta);
      const auto kind = known ? mail::Verdict::Kind::known : mail::Verdict::Kind::wanted;
      out.push_back({kind, std::move(known)});
    }
  }

  // Without INTERNALDATE a header proves too little: such a message is fetched, and recognised by its content.
  std::optional<mail::Known> by_header(const mail::Meta&, const mail::HeaderId&, const std::optional<mail::MatchKey>&) override {
    return std::nullopt;
  }

 private:
  std::optional<mail::Known> judge(const mail::Meta& meta) {
    const auto& uidl = meta.ref.uidl;
    if (uidl.empty()) return std::nullopt;
    // a server that gives one UIDL to two messages: only the first of them is taken for the known one
    const auto* number = by_uidl_.find(name_of(uidl));
    const bool is_first = claimed_.add(name_of(uidl), meta.ref.number) || *claimed_.find(name_of(uidl)) == meta.ref.number;
    if (!is_first) return std::nullopt;
    if (number != nullptr) {
      const auto* entry = pages_->find(*number);
      if (entry != nullptr && entry->uidl == uidl && size_agrees(meta, *entry)) {
        if (auto known = holdings_.known(meta, *entry)) {
          known->same_as = mail::MessageRef{std::string(pop3_epoch), *number, uidl};
          return known;
        }
      }
    }
    if (auto known = salvaged(meta)) return known;
    if (number != nullptr) holdings_.run.want_again(wire_name_, *number);
    return std::nullopt;
  }

  std::optional<mail::Known> salvaged(const mail::Meta& meta) const {
    const auto* at = salvaged_by_uidl_.find(name_of(meta.ref.uidl));
    if (at == nullptr) return std::nullopt;
    const auto entry = salvaged_->at(*at);
    if (entry.uidl != meta.ref.uidl || !size_agrees(meta, entry)) return std::nullopt;
    return holdings_.known(meta, entry);
  }

  Holdings& holdings_;
  const std::string wire_name_;
  std::optional<FolderPages> pages_;
  PrefixMap<std::uint32_t> by_uidl_, claimed_;  // to our ordinal; to the place in the listing
  const EntrySpill* salvaged_ = nullptr;
  PrefixMap<std::uint32_t> salvaged_by_uidl_;
};

}  // namespace

std::unique_ptr<mail::LaneLedger> uidl_lane(Holdings& holdings, const mail::Folder& folder, const FolderRecord* record) {
  return std::make_unique<UidlLane>(holdings, folder, record);
}

}  // namespace postferry::archive
