#include "backup_ledger.h"

#include <postferry/base/bytes.h>

namespace postferry::archive {
namespace {

std::uint64_t present(const FolderRecord& record) { return record.count - std::min(record.count, record.absent); }

}  // namespace

std::optional<mail::Known> Holdings::known(const mail::Meta& meta, const Entry& entry) const {
  if ((full && entry.header_evidence) || !base.resolves(entry.content)) return std::nullopt;
  mail::Known out;
  out.meta = meta;
  out.place = {to_hex(entry.content.digest), entry.size};
  out.carried = entry.flags;
  out.by_header = entry.header_evidence;
  return out;
}

std::string BackupLedger::token(const mail::Folder& folder) {
  const auto* record = holdings_.base.find(folder.wire_name);
  if (record == nullptr || !record->complete || record->folder.token.empty()) return {};
  return holdings_.base.is_whole(*record) ? record->folder.token : std::string{};
}

std::uint64_t BackupLedger::held_count(const mail::Folder& folder) {
  const auto* record = holdings_.base.find(folder.wire_name);
  return record == nullptr ? 0 : present(*record);
}

bool BackupLedger::shrank(const mail::Folder& folder, const mail::FolderState& now) {
  const auto* record = holdings_.base.find(folder.wire_name);
  if (record == nullptr || now.shows_part) return false;
  const auto before = present(*record);
  return before > now.exists + std::uint64_t{100} && std::uint64_t{now.exists} * 2 < before;
}

void BackupLedger::listed(const mail::Folder& folder) { holdings_.candidates.listed(folder.wire_name); }

std::unique_ptr<mail::LaneLedger> BackupLedger::open(const mail::Folder& folder, mail::Span span,
                                                     const mail::FolderState& now) {
  const auto* record = holdings_.base.find(folder.wire_name);
  if (record != nullptr && record->uidvalidity != now.epoch) {
    holdings_.candidates.renumbered(folder.wire_name);
    record = nullptr;
  }
  if (now.epoch == pop3_epoch) return uidl_lane(holdings_, folder, record);
  return uid_lane(holdings_, folder, span, now.epoch, record, renamed_from(folder, now));
}

// A folder of the last snapshot that is there no more, with the same UIDVALIDITY, UIDNEXT and number of messages as this
// one, which was not there before.
const FolderRecord* BackupLedger::renamed_from(const mail::Folder& folder, const mail::FolderState& now) const {
  const auto* snapshot = holdings_.base.snapshot();
  if (snapshot == nullptr || holdings_.base.find(folder.wire_name) != nullptr || now.exists == 0 || now.next == 0) return nullptr;
  for (const auto& record : snapshot->folders) {
    if (record.uidvalidity == now.epoch && record.uidnext == now.next && present(record) == now.exists &&
        !holdings_.run.is_declared(record.folder.wire_name)) {
      return &record;
    }
  }
  return nullptr;
}

}  // namespace postferry::archive
