#include <postferry/endpoints/archive_source.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/folder_path.h>
#include <postferry/mail/spool.h>

namespace postferry::endpoints {
namespace {

constexpr std::size_t page_messages = 500;

struct Shared {
  const archive::Archive& archive;
  const archive::Snapshot snapshot;
  const ArchiveReading reading;
  ByteBudget& budget;

  bool takes(const archive::Entry& entry) const {
    if (reading.only_present && entry.presence != archive::Presence::present) return false;
    return !reading.wanted || reading.wanted(entry);
  }
};

std::string epoch_of(const archive::FolderRecord& record) {
  // The numbers of a POP3 folder are the archive's own, and last.
  return record.uidvalidity.empty() || record.uidvalidity == mail::pop3_epoch ? "archive" : record.uidvalidity;
}

class ArchiveReader final : public mail::FolderReader {
 public:
  ArchiveReader(const Shared& shared, const archive::FolderRecord& record, std::stop_token stop)
      : shared_(shared),
        record_(record),
        stop_(std::move(stop)),
        reader_(shared.archive.read(shared.snapshot)),
        spool_(shared.reading.work_folder) {}

  mail::FolderState begin() override {
    check_stop();
    mail::FolderState state{.epoch = epoch_of(record_), .next = record_.uidnext, .exists = 0, .highestmodseq = 0};
    each([&](const archive::Entry&) { ++state.exists; }, [](const Error&) {});
    return state;
  }

  void scan(mail::Span span, mail::Chooser& choose, mail::Arrivals& to) override {
    check_stop();
    carry_page(choose, to);  // what an earlier attempt left of it
    std::optional<Error> lost;
    each(
        [&](const archive::Entry& entry) {
          check_stop();
          if (!span.contains(entry.number) || entry.number <= done_) return;
          page_.push_back(entry);
          if (page_.size() == page_messages) carry_page(choose, to);
        },
        [&](const Error& error) { lost = error; });
    carry_page(choose, to);
    if (lost) {
      tell_damage();
      throw Error(Cause::damaged, Blast::folder, Retry::never,
                  fmt::format("{}: a part of this folder's list cannot be read in the archive: {}",
                              printable(mail::join_path(record_.folder.path), 200), lost->what()));
    }
    to.span_done(span);
  }

 private:
  template <class Found, class Missing>
  void each(const Found& found, const Missing& missing) const {
    reader_->entries(
        record_, [&](const archive::Entry& entry) {
          if (shared_.takes(entry)) found(entry);
        }, missing);
  }

  void tell_damage() const {
    if (shared_.reading.damaged) shared_.reading.damaged();
  }

  void check_stop() const {
    if (stop_.stop_requested()) throw Cancelled();
  }

  mail::Meta meta_of(const archive::Entry& entry) const {
    mail::Meta meta;
    meta.ref = {epoch_of(record_), entry.number, {}};
    meta.size = entry.size;
    meta.flags = entry.flags;
    meta.received = entry.date;
    meta.labels = entry.labels;
    meta.global_id = entry.global_id;
    return meta;
  }

  // May be left by an exception at any message, and is then gone on with.
  void carry_page(mail::Chooser& choose, mail::Arrivals& to) {
    if (page_.empty()) return;
    if (choices_.empty()) announce(choose, to);
    while (at_ < page_.size()) {
      check_stop();
      const auto& entry = page_[at_];
      const auto choice = choices_[at_++];
      done_ = entry.number;
      if (choice != mail::Choice::leave) carry(entry, choice, choose, to);
    }
    page_.clear(), choices_.clear();
    at_ = 0;
  }

  void announce(mail::Chooser& choose, mail::Arrivals& to) {
    to.listed(page_.size());
    if (choose.wants_all()) {
      choices_.assign(page_.size(), mail::Choice::fetch);
      return;
    }
    std::vector<mail::Meta> metas;
    for (const auto& entry : page_) metas.push_back(meta_of(entry));
    choose.choose(metas, choices_);
  }

  void carry(const archive::Entry& entry, mail::Choice choice, mail::Chooser& choose, mail::Arrivals& to) {
    mail::Message message;
    message.meta = meta_of(entry);
    try {
      read(entry, message);
    } catch (const Error& error) {
      if (error.blast != Blast::message) throw;
      tell_damage();
      to.unavailable(message.meta, headline_of(entry), mail::Outcome::failed, &error);
      return;
    }
    if (choice == mail::Choice::compare_header &&
        choose.held_by_header(message.meta, message.digests.header, message.digests.match)) {
      return;
    }
    to.arrived(std::move(message));
  }

  // The archive's body proves itself with its last byte: nothing is handed on before.
  void read(const archive::Entry& entry, mail::Message& message) {
    const std::uint64_t limit = mail::Spool::memory_limit;
    message.lease = shared_.budget.take(static_cast<std::size_t>(std::min(entry.size, limit)), stop_);
    spool_.discard();
    spool_.expect(entry.size);
    const auto body = shared_.archive.body(entry.content);
    const auto from = body->open();
    while (const auto got = from->read(buffer_)) {
      const auto bytes = std::span(buffer_).first(got);
      digester_.update(bytes);
      spool_.append(bytes);
      check_stop();
    }
    message.digests = digester_.finish();
    message.body = spool_.finish();
  }

  mail::Headline headline_of(const archive::Entry& entry) {
    digester_.finish();  // what it had seen of the broken one is not the next one's
    const auto located = shared_.archive.locate(entry.content.digest);
    return located ? located->entry.headline : mail::Headline{};
  }

  const Shared& shared_;
  const archive::FolderRecord& record_;
  const std::stop_token stop_;
  const std::unique_ptr<archive::SnapshotReader> reader_;
  mail::Spool spool_;
  mail::Digester digester_;
  std::array<std::byte, 32u << 10> buffer_{};
  std::vector<archive::Entry> page_;
  std::vector<mail::Choice> choices_;
  std::size_t at_ = 0;      // of the page: what comes next
  std::uint32_t done_ = 0;  // the last number that was taken up
};

class ArchiveSource final : public mail::MailSource {
 public:
  ArchiveSource(const archive::Archive& archive, archive::Snapshot snapshot, ArchiveReading reading, ByteBudget& budget)
      : shared_{archive, std::move(snapshot), std::move(reading), budget} {}

  mail::SourceTraits traits() const override {
    return {.has_folders = true, .has_flags = true, .has_received_date = true, .max_sessions = 8};
  }

  std::vector<mail::Folder> folders(std::stop_token) override {
    std::vector<mail::Folder> out;
    for (const auto& record : shared_.snapshot.folders) {
      if (record.how == archive::How::excluded) continue;  // named there, but never taken
      auto& folder = out.emplace_back(record.folder);
      folder.token.clear();
      folder.messages = shared_.reading.only_present ? record.count - record.absent : record.count;
      folder.bytes = record.bytes;
      if (folder.messages > 0) folder.selectable = true;  // emptied and closed since, but its mail is here
    }
    return out;
  }

  std::unique_ptr<mail::FolderReader> open(const mail::Folder& folder, std::stop_token stop) override {
    for (const auto& record : shared_.snapshot.folders) {
      if (record.folder.wire_name == folder.wire_name) return std::make_unique<ArchiveReader>(shared_, record, std::move(stop));
    }
    throw Error(Cause::missing, Blast::folder, Retry::never,
                fmt::format("{}: is not in this snapshot", printable(mail::join_path(folder.path), 200)));
  }

 private:
  const Shared shared_;
};

}  // namespace

std::string ledger_id(const archive::ArchiveInfo& archive, const archive::Snapshot& snapshot) {
  return fmt::format("archive:{}/{}", archive.id, snapshot.account);
}

std::unique_ptr<mail::MailSource> archive_source(const archive::Archive& archive, archive::Snapshot snapshot,
                                                 ArchiveReading reading, ByteBudget& budget) {
  return std::make_unique<ArchiveSource>(archive, std::move(snapshot), std::move(reading), budget);
}

}  // namespace postferry::endpoints
