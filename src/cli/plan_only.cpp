#include <map>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "backup_account.h"
#include "no_sink.h"
#include "progress.h"
#include "when.h"

namespace postferry::cli {
namespace {

// The last snapshot, looked at without a lock: enough for a plan, which asks for tokens and counts only.
class SnapshotLedger final : public mail::Ledger {
 public:
  explicit SnapshotLedger(const std::optional<archive::Snapshot>& last) {
    if (!last) return;
    for (const auto& record : last->folders) folders_.emplace(record.folder.wire_name, record);
  }
  std::string token(const mail::Folder& folder) override {
    const auto* record = find(folder);
    const bool counts = record && record->how == archive::How::listed && record->complete;
    return counts ? record->folder.token : std::string();
  }
  std::uint64_t held_count(const mail::Folder& folder) override {
    const auto* record = find(folder);
    return record ? record->count : 0;
  }
  bool shrank(const mail::Folder&, const mail::FolderState&) override { return false; }
  std::unique_ptr<mail::LaneLedger> open(const mail::Folder&, mail::Span, const mail::FolderState&) override {
    return nullptr;  // a plan opens no lane
  }

 private:
  const archive::FolderRecord* find(const mail::Folder& folder) const {
    const auto at = folders_.find(folder.wire_name);
    return at == folders_.end() ? nullptr : &at->second;
  }
  std::map<std::string, archive::FolderRecord> folders_;
};

std::optional<archive::Snapshot> last_of(const BackupWorld& w, const std::string& account) {
  std::optional<archive::Snapshot> out;
  if (!w.archive) return out;
  for (auto& one :
       (*w.archive)->snapshots([&](const Error& error) { w.program.console.error(error.what()); })) {
    if (one.account == account && (!out || one.seq >= out->seq)) out = std::move(one);
  }
  return out;
}

void print(Console& console, const engine::Plan& plan, SnapshotLedger& ledger) {
  for (const auto& task : plan.tasks) {
    const auto held = ledger.held_count(task.folder);
    const auto name = mail::join_path(task.folder.path);
    if (console.is_json()) {
      console.json(codec::Json::object()
                       .add("event", "planned")
                       .add("account", plan.account)
                       .add("folder", name)
                       .add("messages", task.folder.messages)
                       .add("bytes", task.folder.bytes)
                       .add("held", held)
                       .add("unchanged", task.unchanged)
                       .add("selectable", task.folder.selectable));
    } else if (!task.folder.selectable) {
      console.line(fmt::format("  {}: holds no mail", printable(name, 200)));
    } else {
      console.line(fmt::format("  {}: {}{}, {} in the last snapshot{}", printable(name, 200),
                               counted(task.folder.messages, "message", "messages"),
                               task.folder.bytes ? ", " + human_bytes(task.folder.bytes) : "", grouped(held),
                               task.unchanged ? ": unchanged, nothing to do" : ""));
    }
  }
  for (const auto& folder : plan.left_out) {
    if (console.is_json()) {
      console.json(codec::Json::object()
                       .add("event", "planned")
                       .add("account", plan.account)
                       .add("folder", mail::join_path(folder.path))
                       .add("left_out", true));
    } else {
      console.line(fmt::format("  {}: left out", printable(mail::join_path(folder.path), 200)));
    }
  }
}

}  // namespace

AccountResult plan_only(BackupWorld& w, const config::Account& account, endpoints::Secret secret) {
  auto& console = w.program.console;
  AccountResult result{.account = account.id()};
  ProgressView view(console, account.id());
  try {
    secret.reveal();
    SnapshotLedger ledger(last_of(w, account.id()));
    NoSink sink;
    const auto source = endpoints::make_source(account, secret,
                                               {.dialer = w.dialer,
                                                .budget = w.budget,
                                                .clock = w.program.clock,
                                                .work_folder = std::filesystem::temp_directory_path(),
                                                .timeouts = timeouts_of(w.options),
                                                .transcript = w.transcript,
                                                .max_sessions = w.options.connections.value_or(0)});
    engine::World world{
        .account = account.id(),
        .source = *source,
        .sink = sink,
        .ledger = ledger,
        .events = view,
        .clock = w.program.clock,
        .limits = limits_of(w.options, account.connections),
        .folders = [&](const mail::Folder& f) { return w.selection.takes_folder(f.path, f.role); },
        .messages = {},
        .selection = w.selection.in_words(),
        .accept_shrink = true,
        .full = w.options.full};
    const auto plan = engine::make_plan(world, w.program.stop);
    check_selection(w);
    if (!console.is_json()) {
      console.line(fmt::format("{} into {}: this would be looked at (nothing is changed)",
                               printable(account.id(), 200), printable(w.path.native())));
    }
    print(console, plan, ledger);
    for (const auto& task : plan.tasks) result.balance.listed += task.folder.messages;
    result.exit = Exit::complete;
    result.complete = true;
  } catch (const Error& error) {
    note_error(w.program, account, error, result);
  } catch (const Cancelled&) {
    result.exit = Exit::interrupted;
    result.error = "interrupted";
  }
  console.json(summary(result).add("dry_run", true));
  return result;
}

}  // namespace postferry::cli
