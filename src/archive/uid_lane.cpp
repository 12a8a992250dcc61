#include <algorithm>
#include <optional>

#include "backup_ledger.h"
#include "folder_pages.h"

namespace postferry::archive {
namespace {

// A folder that seems to be an old one under a new name: until three headers have proved it, each of its messages is only
// perhaps held.
class Rename {
 public:
  Rename(PackIndex& index, const FolderRecord& old) : record_(old), pages_(index, old.shelves) {}

  const FolderRecord& record() const { return record_; }
  bool is_proved() const { return !refuted_ && proofs_ >= std::min<std::uint64_t>(3, record_.count); }
  void prove(bool equal) { equal ? ++proofs_ : (refuted_ = true, 0U); }

  // The message of the same number, if date and size agree with it.
  const Entry* twin(const mail::Meta& meta) {
    const auto* entry = refuted_ ? nullptr : pages_.find(meta.ref.number);
    if (entry == nullptr) return nullptr;
    const bool same_date = !meta.received || !entry->date || entry->date->at == meta.received->at;
    const bool same_size = !meta.size || *meta.size == entry->server_size.value_or(entry->size);
    return same_date && same_size ? entry : nullptr;
  }

 private:
  const FolderRecord& record_;
  FolderPages pages_;
  std::uint64_t proofs_ = 0;
  bool refuted_ = false;
};

class UidLane final : public mail::LaneLedger {
 public:
  UidLane(Holdings& holdings, const mail::Folder& folder, mail::Span span, const std::string& epoch,
          const FolderRecord* record, const FolderRecord* renamed_from)
      : holdings_(holdings), wire_name_(folder.wire_name), epoch_(epoch), span_(span) {
    if (record != nullptr) {
      pages_.emplace(holdings.index, record->shelves);
      cursor_.emplace(*pages_, span);
    }
    if (renamed_from != nullptr) rename_.emplace(holdings.index, *renamed_from);
    if (!holdings.candidates.is_listed(wire_name_)) {
      passed_ = [this](std::uint32_t number) {
        if (number > reached_) absent_.push_back(number);
      };
    }
    const auto salvaged = holdings.salvaged.find({wire_name_, epoch});
    if (salvaged != holdings.salvaged.end()) salvaged_ = &salvaged->second;
  }

  // What is left of the pages was not asked about either.
  ~UidLane() override {
    try {
      if (cursor_ && passed_) cursor_->pass_rest(span_.last, passed_);
      holdings_.candidates.absent(wire_name_, absent_);
    } catch (const std::exception&) {
      // Pages that cannot be read, or no memory: then nothing more is known to have left its place.
    }
  }

  bool empty() const override { return holdings_.is_empty(); }

  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    out.clear();
    out.reserve(page.size());
    for (const auto& meta : page) out.push_back(judge(meta));
  }

  std::optional<mail::Known> by_header(const mail::Meta& meta, const mail::HeaderId& header,
                                       const std::optional<mail::MatchKey>& key) override {
    if (auto renamed = renamed_by_header(meta, header, key)) return renamed;
    const auto held = holdings_.candidates.claim(meta, header, key);
    if (!held) return std::nullopt;
    auto known = holdings_.known(meta, held->entry);
    if (known) {
      known->by_header = true;
      known->same_as = mail::MessageRef{held->epoch, held->entry.number, {}};
    }
    return known;
  }

 private:
  using Kind = mail::Verdict::Kind;

  mail::Verdict judge(const mail::Meta& meta) {
    if (auto known = under_its_number(meta)) return {Kind::known, std::move(known)};
    if (auto known = under_its_global_id(meta)) return {Kind::known, std::move(known)};
    if (holdings_.full) return {};
    if (rename_) {
      if (const auto* twin = rename_->twin(meta)) {
        if (!rename_->is_proved()) return {Kind::maybe, std::nullopt};
        if (auto known = renamed(meta, *twin)) return {Kind::known, std::move(known)};
      }
    }
    return {holdings_.candidates.has_twin_of(wire_name_, meta) ? Kind::maybe : Kind::wanted, std::nullopt};
  }

  std::optional<mail::Known> under_its_number(const mail::Meta& meta) {
    const auto* entry = seek(meta.ref.number);
    if (entry != nullptr) {
      if (auto known = holdings_.known(meta, *entry)) return known;
    }
    if (salvaged_ != nullptr) {
      if (const auto at = salvaged_->find(meta.ref.number)) {
        if (auto known = holdings_.known(meta, salvaged_->at(*at))) {
          // one more that appears: what it is has been seen, but not by the snapshot whose entries have left
          if (entry == nullptr) holdings_.candidates.has_twin_of(wire_name_, meta);
          return known;
        }
      }
    }
    if (entry != nullptr) holdings_.run.want_again(wire_name_, meta.ref.number);
    return std::nullopt;
  }

  // Questions ascend; after a lost session they may begin again at an earlier page.
  const Entry* seek(std::uint32_t number) {
    if (!cursor_) return nullptr;
    if (number < last_) cursor_.emplace(*pages_, span_);
    last_ = number;
    const auto* entry = cursor_->seek(number, passed_);
    reached_ = std::max(reached_, number);
    return entry;
  }

  std::optional<mail::Known> under_its_global_id(const mail::Meta& meta) {
    if (meta.global_id.empty()) return std::nullopt;
    if (const auto entry = holdings_.run.with_global_id(meta.global_id)) return of_global_id(meta, *entry, epoch_);
    if (const auto held = holdings_.candidates.with_global_id(meta.global_id)) return of_global_id(meta, held->entry, held->epoch);
    return std::nullopt;
  }

  static std::optional<mail::Known> of_global_id(const mail::Meta& meta, const Entry& entry, const std::string& epoch) {
    mail::Known out;
    out.meta = meta;
    out.place = {to_hex(entry.content.digest), entry.size};
    out.carried = meta.flags;  // nothing was carried here before
    out.same_as = mail::MessageRef{epoch, entry.number, {}};
    return out;
  }

  std::optional<mail::Known> renamed(const mail::Meta& meta, const Entry& entry) {
    auto known = holdings_.known(meta, entry);
    if (known) {
      known->by_header = true;
      known->same_as = mail::MessageRef{rename_->record().uidvalidity, entry.number, {}};
    }
    return known;
  }

  std::optional<mail::Known> renamed_by_header(const mail::Meta& meta, const mail::HeaderId& header,
                                               const std::optional<mail::MatchKey>& key) {
    const auto* twin = rename_ ? rename_->twin(meta) : nullptr;
    if (twin == nullptr || !key) return std::nullopt;
    const auto located = holdings_.index.locate(twin->content.digest);
    const bool equal = located && located->entry.header == header && located->entry.key == key;
    rename_->prove(equal);
    return equal ? renamed(meta, *twin) : std::nullopt;
  }

  Holdings& holdings_;
  const std::string wire_name_, epoch_;
  const mail::Span span_;
  std::optional<FolderPages> pages_;
  std::optional<FolderPages::Cursor> cursor_;
  std::optional<Rename> rename_;
  const EntrySpill* salvaged_ = nullptr;
  std::uint32_t last_ = 0;
  std::uint32_t reached_ = 0;          // the highest number asked about
  FolderPages::Cursor::Passed passed_;  // in the first look
  std::vector<std::uint32_t> absent_;   // not asked about
};

}  // namespace

std::unique_ptr<mail::LaneLedger> uid_lane(Holdings& holdings, const mail::Folder& folder, mail::Span span,
                                           const std::string& epoch, const FolderRecord* record,
                                           const FolderRecord* renamed_from) {
  return std::make_unique<UidLane>(holdings, folder, span, epoch, record, renamed_from);
}

}  // namespace postferry::archive
