#include <postferry/endpoints/archive_keeper.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/mail/digester.h>

namespace postferry::endpoints {
namespace {

class ArchiveKeeper final : public mail::Keeper {
 public:
  ArchiveKeeper(const archive::Archive& archive, archive::SnapshotWriter& writer,
                std::function<bool(const archive::Entry&)> wanted)
      : archive_(archive), writer_(writer), wanted_(std::move(wanted)) {}

  void due(const mail::Folder& folder, std::chrono::sys_seconds until,
           const std::function<void(mail::Due)>& found) override {
    const auto& snapshot = writer_.committed();
    const auto record = std::find_if(snapshot.folders.begin(), snapshot.folders.end(), [&](const archive::FolderRecord& one) {
      return one.folder.wire_name == folder.wire_name;
    });
    if (record == snapshot.folders.end() || !may_be_emptied(*record)) return;
    archive_.read(snapshot)->entries(
        *record,
        [&](const archive::Entry& entry) {
          const bool lies_there = entry.presence == archive::Presence::present;
          if (!lies_there || !entry.first_seen || *entry.first_seen > until) return;
          if (wanted_ && !wanted_(entry)) return;
          found(due_of(*record, entry));
        },
        [](const Error& missing) { throw missing; });
  }

  void read_back(const mail::Folder&, mail::ReleaseOrder& order) override {
    const auto digests = mail::digests_of(*archive_.body(order.content));
    if (digests.content != order.content) {
      throw Error(Cause::damaged, Blast::message, Retry::never, "what the archive gives back has another hash");
    }
    order.canonical = digests.canonical;
    order.header = digests.header;
  }

  void let_go(std::span<const mail::FolderOrders> orders) override { mark(orders, archive::Presence::released); }
  void take_back(std::span<const mail::FolderOrders> orders) override { mark(orders, archive::Presence::present); }

 private:
  static bool may_be_emptied(const archive::FolderRecord& record) {
    return record.how == archive::How::listed && record.complete && !record.suspicious;
  }

  static mail::Due due_of(const archive::FolderRecord& record, const archive::Entry& entry) {
    mail::Due out;
    out.order.ref = {record.uidvalidity, entry.number, entry.uidl};
    out.order.size = entry.server_size.value_or(entry.size);
    out.order.content = entry.content;
    out.is_proven = !entry.header_evidence;
    return out;
  }

  void mark(std::span<const mail::FolderOrders> folders, archive::Presence presence) {
    std::vector<archive::Mark> marks;
    for (const auto& [folder, orders] : folders) {
      auto& one = marks.emplace_back(archive::Mark{folder.wire_name, {}, presence});
      for (const auto& order : orders) one.numbers.push_back(order.ref.number);
    }
    writer_.mark(marks);
  }

  const archive::Archive& archive_;
  archive::SnapshotWriter& writer_;
  const std::function<bool(const archive::Entry&)> wanted_;
};

}  // namespace

std::unique_ptr<mail::Keeper> archive_keeper(const archive::Archive& archive, archive::SnapshotWriter& writer,
                                             std::function<bool(const archive::Entry&)> wanted) {
  return std::make_unique<ArchiveKeeper>(archive, writer, std::move(wanted));
}

}  // namespace postferry::endpoints
