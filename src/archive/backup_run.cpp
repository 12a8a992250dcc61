#include "backup_run.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "salvage.h"
#include "tar_path.h"

namespace postferry::archive {
namespace {

std::chrono::sys_seconds now_of(const Clock& clock) { return std::chrono::floor<std::chrono::seconds>(clock.now()); }

Entry entry_of(const mail::Meta& meta, const mail::ContentId& content, std::uint64_t size) {
  Entry out;
  out.number = meta.ref.number;
  out.uidl = meta.ref.uidl;
  out.content = content;
  out.size = size;
  if (meta.size && *meta.size != size) out.server_size = meta.size;
  out.date = meta.received;
  out.flags = meta.flags;
  out.labels = meta.labels;
  std::sort(out.labels.begin(), out.labels.end());
  out.global_id = meta.global_id;
  return out;
}

mail::ContentId content_of(const mail::Placement& place) {
  const auto bytes = from_hex(place.where);
  mail::ContentId out;
  if (!bytes || bytes->size() != out.digest.size()) {
    throw Error(Cause::missing, Blast::message, Retry::never,
                fmt::format("\"{}\" names no message of an archive", printable(place.where, 80)));
  }
  std::copy(bytes->begin(), bytes->end(), out.digest.begin());
  return out;
}

bool is_pop3(const mail::Meta& meta) { return meta.ref.epoch == pop3_epoch; }

std::filesystem::path make_work_folder(Files& files, const std::filesystem::path& archive) {
  auto out = archive / "tmp" / work_folder_name(this_process());
  files.make_folder(out);
  return out;
}

}  // namespace

WorkFolder::WorkFolder(Files& files, const std::filesystem::path& archive)
    : files_(files), path_(make_work_folder(files, archive)) {}

WorkFolder::~WorkFolder() {
  if (is_cleared_) return;
  try {
    if (is_worth_keeping_) {
      files_.create(path_, abandoned_file)->sync();
    } else {
      remove_work_folder(files_, path_);
    }
  } catch (const Error&) {
    // the next run of this account finds it dead when this process has ended
  }
}

void WorkFolder::clear() {
  remove_work_folder(files_, path_);
  is_cleared_ = true;
}

BackupRun::BackupRun(const RunPlace& place, const RunInfo& run)
    : place_(place),
      run_(run),
      folder_(place.files, place.path),
      store_(folder_store(place.path, place.files, folder_.path())),
      journal_(place.files, place.clock, folder_.path(), run.account, this_process().pid_started),
      folders_(folder_.path()) {
  lock_.emplace(*store_, place_.files, place_.clock, place_.path / "tmp", run_.account);
  PackListener& listener = *this;
  packs_ = std::make_unique<PackWriter>(*store_, place_.files, place_.clock, folder_.path(), place_.info.codec, listener);
  place_.index.list();
  salvage();
  latest_ = latest_snapshot(place_.index, run_.account, place_.cache, place_.note);
  packs_at_begin_ = place_.index.packs();
  base_.emplace(place_.index, latest_.snapshot, place_.note);
  candidates_.emplace(place_.index, *base_, folders_);
  holdings_.emplace(Holdings{place_.index, *base_, *candidates_, folders_, salvaged_, run_.full});
  ledger_.emplace(*holdings_);
}

BackupRun::~BackupRun() {
  packs_.reset();  // its threads end before what they call
  try {
    journal_.sync();
  } catch (const Error&) {
    // fetched again, then
  }
}

void BackupRun::salvage() {
  Salvage salvage({place_.files, place_.index, *packs_, journal_, place_.info.codec, place_.path / "tmp", folder_.path(),
                   run_.account});
  salvage.run();
  salvaged_ = salvage.take_entries();
  if (salvage.lines() > 0) folder_.keep_for_salvage();
  if (salvage.lines() + salvage.bodies() > 0 && place_.note) {
    place_.note(fmt::format("{}: an earlier run of {} was cut short; {} messages that it had fetched are used, {} of them from "
                            "its unfinished pack",
                            printable(place_.path.string()), printable(run_.account), salvage.lines(), salvage.bodies()));
  }
}

void BackupRun::declare(const mail::Folder& folder, bool selected) { folders_.declare(folder, selected); }

void BackupRun::repeat(const mail::Folder& folder) {
  renew_lock();
  folders_.repeat(folder);
}

void BackupRun::begin(const mail::Folder& folder, const mail::FolderState& state) {
  renew_lock();
  folders_.begin(folder, state, now_of(place_.clock));
}

void BackupRun::put(const mail::Folder& folder, mail::Message message, mail::Receipts& receipts) {
  renew_lock();
  folder_.keep_for_salvage();
  const auto& meta = message.meta;
  auto entry = entry_of(meta, message.digests.content, message.body->size());
  if (run_.keep_first_seen || is_pop3(meta)) entry.first_seen = run_.start;
  store(folder, message, receipts);
  folders_.add(folder, entry, is_pop3(meta), meta.ref.number);
  journal_.add(folder.wire_name, meta.ref.epoch, entry, is_pop3(meta) ? Numbering::ordinal : Numbering::uid);
  journal_.sync_if_due();
}

void BackupRun::store(const mail::Folder& folder, const mail::Message& message, mail::Receipts& receipts) {
  const auto& content = message.digests.content;
  const auto size = message.body->size();
  const mail::Placement at{to_hex(content.digest), size};
  if (place_.index.holds(content.digest)) return receipts.stored(message.meta.ref, at, 0);
  std::uint64_t ticket = 0;
  if (pending_.add(content, {message.meta.ref, &receipts, at}, ticket) == PendingReceipts::Found::is_open) return;
  const auto& received = message.meta.received;
  const auto mtime = (received ? received->at : run_.start).time_since_epoch().count();
  try {
    packs_->put_mail(ticket, tar_folder(run_.account, folder.path), message.digests, *message.body, mtime);
  } catch (const Error& why) {
    pending_.drop(ticket, message.digests.headline, why);
    throw;
  }
}

void BackupRun::keep(const mail::Folder& folder, const mail::Known& known) {
  renew_lock();
  auto entry = entry_of(known.meta, content_of(known.place), known.place.size);
  entry.header_evidence = known.by_header;
  const bool has_ordinal = known.same_as && known.same_as->epoch == pop3_epoch;
  if (is_pop3(known.meta) && has_ordinal) entry.number = known.same_as->number;
  if (run_.keep_first_seen || is_pop3(known.meta)) entry.first_seen = run_.start;  // unless the last snapshot knows better
  folders_.add(folder, entry, is_pop3(known.meta) && !has_ordinal, known.meta.ref.number);
}

void BackupRun::span_done(const mail::Folder& folder, mail::Span span) {
  renew_lock();
  folders_.span_done(folder, span);
}

void BackupRun::folder_done(const mail::Folder& folder, const mail::FolderState& state, const mail::FolderEnd& end) {
  renew_lock();
  if (end.listed) folders_.begin(folder, state, now_of(place_.clock));  // one without a message has opened no lane of ours
  folders_.folder_done(folder, end);
}

void BackupRun::flush() {
  renew_lock();
  packs_->publish();
}

void BackupRun::published(const std::string& pack, std::span<const TocEntry> entries, std::span<const std::uint64_t> tickets,
                          std::span<const std::uint64_t> cost) {
  place_.index.add(pack, entries);
  {
    const std::lock_guard lock(published_mutex_);
    published_.push_back(pack);
  }
  pending_.published(tickets, cost);
}

void BackupRun::renew_lock() {
  const std::lock_guard lock(lock_mutex_);
  lock_->renew_if_due();
}

void BackupRun::demand_lock() {
  const std::lock_guard lock(lock_mutex_);
  if (lock_->is_still_there()) return;
  throw Error(Cause::locked, Blast::run, Retry::later,
              fmt::format("{}: this run's lock has been taken away; no snapshot is written", printable(place_.path.string())));
}

}  // namespace postferry::archive
