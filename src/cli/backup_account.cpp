#include "backup_account.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/endpoints/archive_keeper.h>
#include <postferry/endpoints/archive_sink.h>

#include "empty_source.h"
#include "progress.h"
#include "ticker.h"
#include "when.h"

namespace postferry::cli {
namespace {

constexpr std::size_t failures_shown = 100;

}  // namespace

Exit exit_of_report(const engine::Report& report) {
  switch (report.ending) {
    case engine::Ending::interrupted:
      return Exit::interrupted;
    case engine::Ending::later:
      return Exit::later;
    case engine::Ending::failed:
      return report.error ? exit_of(*report.error) : Exit::failed;
    case engine::Ending::done:
      break;
  }
  const bool whole = report.record.balance.failed == 0 && report.given_up_folders.empty() &&
                     report.suspicious_folders.empty() && report.record.complete;
  return whole ? Exit::complete : Exit::partly;
}

namespace {

void say_balance(Console& console, const AccountResult& r) {
  const auto& b = r.balance;
  console.line(fmt::format(
      "{}: {} listed: {} stored, {} held, {} skipped, {} failed{} in {}", printable(r.account, 200),
      grouped(b.listed), grouped(b.stored), grouped(b.held), grouped(b.skipped), grouped(b.failed),
      r.reflagged ? fmt::format("; {} with new flags", grouped(r.reflagged)) : "", duration(r.seconds)));
  if (r.bytes) {
    console.line(
        fmt::format("  {} carried, the archive grew by {}", human_bytes(r.bytes), human_bytes(r.new_bytes)));
  }
  if (!r.snapshot.empty()) {
    console.line(
        fmt::format("  snapshot {}{}", r.snapshot.substr(0, 8), r.complete ? "" : " (not complete)"));
  }
}

}  // namespace

void say_failures(Console& console, const engine::Report& report) {
  const auto& failures = report.record.failures;
  const auto total = failures.size() + report.record.more_failures;
  if (!failures.empty()) console.error(counted(total, "message failed:", "messages failed:"));
  for (std::size_t i = 0; i < std::min(failures.size(), failures_shown); ++i) {
    console.error("  " + failure_line(failures[i]));
  }
  if (total > failures_shown) {
    console.error(fmt::format("  ... and {} more{}", grouped(total - failures_shown),
                              report.snapshot.empty()
                                  ? ""
                                  : fmt::format(" (the snapshot has {})", grouped(failures.size()))));
  }
  for (const auto& folder : report.given_up_folders)
    console.error(fmt::format("folder failed: {}", printable(folder, 800)));
  for (const auto& folder : report.suspicious_folders) {
    console.error(
        fmt::format("{}: lost more than half of its mail since the last backup; if that is right, run again "
                    "with --accept-shrink",
                    printable(folder, 400)));
  }
}

namespace {

// Everything that one account's run borrows, in the order in which it must live.
AccountResult carry(BackupWorld& w, const config::Account& account, const endpoints::Secret& secret,
                    ProgressView& view, engine::Report& report) {
  auto& program = w.program;
  AccountResult result{.account = account.id()};
  archive::RunInfo info{.account = account.id(),
                        .nickname = account.nickname,
                        .endpoint = account.url(),
                        .start = std::chrono::floor<std::chrono::seconds>(program.clock.now()),
                        .keep_first_seen = w.options.delete_after_days.has_value(),
                        .full = w.options.full};
  const auto writer = (*w.archive)->begin(info);
  const auto source = endpoints::make_source(account, secret,
                                             {.dialer = w.dialer,
                                              .budget = w.budget,
                                              .clock = program.clock,
                                              .work_folder = writer->work_folder(),
                                              .timeouts = timeouts_of(w.options),
                                              .transcript = w.transcript,
                                              .max_sessions = w.options.connections.value_or(0),
                                              .stays_signed_in = w.options.delete_after_days.has_value()});
  const auto sink = endpoints::archive_sink(*writer);
  engine::World world{
      .account = account.id(),
      .source = *source,
      .sink = *sink,
      .ledger = writer->ledger(),
      .events = view,
      .clock = program.clock,
      .limits = limits_of(w.options, account.connections),
      .folders = [&](const mail::Folder& f) { return w.selection.takes_folder(f.path, f.role); },
      .messages = {},
      .selection = w.selection.in_words(),
      .accept_shrink = w.options.accept_shrink,
      // who deletes at the source looks at all of it first
      .full = w.options.full || w.options.delete_after_days};
  if (w.selection.filters_messages()) {
    world.messages = [&](const mail::Meta& m) { return w.selection.leaves_out(m.received, m.size); };
  }
  const auto plan = engine::make_plan(world, program.stop);
  check_selection(w);
  report = engine::run(plan, world, program.stop);
  result.balance = report.record.balance;
  result.reflagged = report.reflagged, result.bytes = report.bytes, result.new_bytes = report.new_bytes;
  result.snapshot = report.snapshot;
  result.complete = report.record.complete && report.ending == engine::Ending::done;
  result.exit = exit_of_report(report);
  if (writer->unresolved() > 0) {
    // Each is told of by its folder. They were not among what the source lists, which the report is about.
    result.complete = false;
    if (result.exit == Exit::complete) result.exit = Exit::partly;
  }
  if (w.options.delete_after_days && report.ending == engine::Ending::done) {
    const auto wanted = [&](const archive::Entry& entry) {
      return !w.selection.leaves_out(entry.date, entry.server_size.value_or(entry.size));
    };
    const auto keeper = endpoints::archive_keeper(*w.archive->archive, *writer, wanted);
    empty_source({program, w.options, plan, *source, *keeper, view}, result);
    result.snapshot = writer->committed().id.substr(0, 8);
  }
  return result;
}

}  // namespace

net::Timeouts timeouts_of(const Options& options) {
  net::Timeouts out;
  if (!options.timeout) return out;
  const auto time = std::chrono::milliseconds(static_cast<std::int64_t>(*options.timeout * 1000));
  out.read = out.write = time;
  out.connect = std::min(out.connect, time);
  return out;
}

engine::Limits limits_of(const Options& options, std::optional<unsigned> connections) {
  engine::Limits out;
  if (options.max_wait) out.longest_wait = std::chrono::seconds(static_cast<std::int64_t>(*options.max_wait));
  if (connections) out.lanes = *connections;
  return out;
}

void check_selection(BackupWorld& w) {
  const auto idle = w.selection.idle_folder_patterns();
  if (w.alone && !idle.empty()) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("--folder {}: the account has no such folder", printable(idle.front(), 120)));
  }
  if (!w.alone) return;
  for (const auto& pattern : w.selection.idle_exclude_patterns()) {
    w.program.console.warn(
        fmt::format("--exclude {}: the account has no such folder", printable(pattern, 120)));
  }
}

void note_error(Program& program, const std::string& account, const std::string& own_advice, const Error& error,
                AccountResult& result) {
  result.exit = exit_of(error);
  result.error = error.what();
  program.console.error(fmt::format("{}: {}", printable(account, 200), error.what()));
  auto advice = error.advice;
  if (advice.empty() && error.cause == Cause::auth) advice = own_advice;
  if (!advice.empty()) program.console.error(advice);
  auto object = codec::Json::object();
  object.add("event", "error").add("account", account).add("text", error.what());
  if (!advice.empty()) object.add("advice", advice);
  program.console.json(object.add("exit", static_cast<int>(result.exit)));
}

void note_error(Program& program, const config::Account& account, const Error& error, AccountResult& result) {
  note_error(program, account.id(), account.advice, error, result);
}

AccountResult total_of(const std::vector<AccountResult>& results, Exit exit) {
  AccountResult out;
  out.complete = true;
  out.exit = exit;
  for (const auto& one : results) {
    out.balance += one.balance;
    out.reflagged += one.reflagged, out.bytes += one.bytes, out.new_bytes += one.new_bytes,
        out.seconds += one.seconds;
    out.complete = out.complete && one.complete;
  }
  return out;
}

codec::Json summary(const AccountResult& r) {
  auto out = codec::Json::object();
  out.add("event", "summary").add("account", r.account.empty() ? codec::Json() : codec::Json(r.account));
  out.add("listed", r.balance.listed).add("stored", r.balance.stored).add("held", r.balance.held);
  out.add("skipped", r.balance.skipped).add("failed", r.balance.failed).add("reflagged", r.reflagged);
  out.add("bytes", r.bytes).add("new_bytes", r.new_bytes).add("seconds", std::round(r.seconds * 1000) / 1000);
  out.add("snapshot", r.snapshot.substr(0, 8))
      .add("complete", r.complete)
      .add("exit", static_cast<int>(r.exit));
  if (r.release) add_release(out, *r.release);
  if (!r.error.empty()) out.add("error", r.error);
  return out;
}

AccountResult back_up(BackupWorld& w, const config::Account& account, endpoints::Secret secret) {
  auto& console = w.program.console;
  const auto begin = std::chrono::steady_clock::now();
  AccountResult result{.account = account.id()};
  engine::Report report;
  ProgressView view(console, account.id());
  try {
    // asked for now: a prompt under a moving progress line is no prompt, and a broken command should cost no
    // sign-in
    secret.reveal();
    Ticker ticker([&] { view.draw(); });
    result = carry(w, account, secret, view, report);
    view.close();
    if (report.error) note_error(w.program, account, *report.error, result);
    if (report.ending == engine::Ending::later) result.exit = Exit::later;
  } catch (const Error& error) {
    view.close();
    note_error(w.program, account, error, result);
  } catch (const Cancelled&) {
    view.close();
    result.exit = Exit::interrupted;
    result.error = "interrupted";
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const bool ran = report.record.start.time_since_epoch().count() != 0;
  if (ran && !console.is_json() && !console.quiet()) say_balance(console, result);
  if (result.release) say_release(w.program, account.id(), result);
  say_failures(console, report);
  console.note_in_log("info", summary(result).dump());
  console.json(summary(result));
  return result;
}

}  // namespace postferry::cli
