#include "push.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/task_group.h>
#include <postferry/base/text.h>
#include <postferry/catalog/push_ledger.h>

#include "empty_source.h"
#include "insist.h"
#include "no_sink.h"
#include "place_folders.h"
#include "preflight.h"
#include "progress.h"
#include "push_lock.h"
#include "seen_sink.h"
#include "ticker.h"
#include "when.h"

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(Cause::config, Blast::run, Retry::never, what); }

// The account as it is reached, whatever name its archive has for it.
std::string place_of(config::Account account) {
  account.archive_as.clear();
  return account.id();
}

engine::FlagRule flag_rule(const Options& options, engine::FlagRule usual) {
  if (options.flags == "merge") return engine::FlagRule::merge;
  if (options.flags == "add") return engine::FlagRule::add;
  if (options.flags == "update") return engine::FlagRule::update;
  if (options.flags == "never") return engine::FlagRule::never;
  return usual;
}

// A full destination is no reason to come back later by oneself: somebody must make room there.
Exit exit_of_push(const engine::Report& report) {
  const auto& error = report.error;
  if (error && error->cause == Cause::quota && error->retry == Retry::never) return Exit::partly;
  return exit_of_report(report);
}

codec::Json summary_of(const PushTask& task, const AccountResult& result, const engine::PushCounts& counts) {
  auto out = summary(result);
  return out.add("to", task.to.id()).add("sent", counts.sent).add("recognised", counts.recognised).add("merged", counts.merged)
      .add("dated_by_received", counts.dated_by_received)
      .add("dated_by_date", counts.dated_by_date)
      .add("undated", counts.undated)
      .add("nuls_removed", counts.nuls_removed)
      .add("headers_mended", counts.headers_mended)
      .add("lines_folded", counts.lines_folded);
}

void say_balance(Console& console, const PushTask& task, const AccountResult& r, const engine::PushCounts& counts) {
  if (console.is_json() || console.quiet()) return;
  const auto& b = r.balance;
  console.line(fmt::format("{} into {}: {} listed: {} stored, {} held, {} skipped, {} failed{} in {}",
                           printable(r.account, 200), printable(task.to.id(), 200), grouped(b.listed),
                           grouped(b.stored), grouped(b.held), grouped(b.skipped), grouped(b.failed),
                           r.reflagged ? fmt::format("; {} with new flags", grouped(r.reflagged)) : "",
                           duration(r.seconds)));
  if (b.stored) {
    console.line(fmt::format("  {} sent ({}), {} were there already{}", grouped(counts.sent), human_bytes(r.new_bytes),
                             grouped(counts.recognised),
                             counts.merged ? fmt::format(", {} merged with another account's copy", grouped(counts.merged))
                                           : ""));
  }
  if (const auto mended = counts.nuls_removed + counts.headers_mended + counts.lines_folded; mended > 0) {
    console.line(fmt::format("  changed by --repair: NUL removed from {}, headers mended in {}, lines folded in {}",
                             grouped(counts.nuls_removed), grouped(counts.headers_mended),
                             grouped(counts.lines_folded)));
  }
}

// What lives as long as the command: the destination and, but for a dry run, the ledger and the lock.
class Pusher {
 public:
  explicit Pusher(PushTask& task) : task_(task), program_(task.program), console_(task.program.console) {
    if (task.options.dry_run) {
      work_folder_ = std::filesystem::temp_directory_path();
      return;
    }
    const auto file = catalog::default_push_ledger_file();
    if (file.empty()) refuse("there is no place for the push ledger: set XDG_STATE_HOME or HOME");
    ledger_ = catalog::open_push_ledger(file);
    work_folder_ = file.parent_path();
    lock_.emplace(work_folder_, place_of(task.to));
  }

  AccountResult push(const PushSource& source, Selection& selection) {
    const auto begin = std::chrono::steady_clock::now();
    AccountResult result{.account = source.account};
    engine::Report report;
    engine::PushCounts counts;
    ProgressView view(console_, source.account);
    try {
      sign_in_words(source);
      Ticker ticker([&] { view.draw(); });
      carry(source, selection, view, result, report, counts);
      view.close();
      if (report.error) {
        const auto exit = result.exit;
        note_error(program_, source.account, task_.to.advice, *report.error, result);
        result.exit = exit;
      }
      if (report.ending == engine::Ending::later) result.exit = Exit::later;
    } catch (const Error& error) {
      view.close();
      note_error(program_, source.account, advice(source, error), error, result);
    } catch (const Cancelled&) {
      view.close();
      result.exit = Exit::interrupted;
      result.error = "interrupted";
    }
    if (source.damaged && source.damaged() && (result.exit == Exit::complete || result.exit == Exit::partly))
      result.exit = Exit::damaged;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const bool ran = report.record.start.time_since_epoch().count() != 0;
    if (ran) say_balance(console_, task_, result, counts);
    if (result.release) say_release(program_, source.account, result);
    say_failures(console_, report);
    auto last = summary_of(task_, result, counts);
    if (task_.options.dry_run) last.add("dry_run", true);
    console_.note_in_log("info", last.dump());
    console_.json(last);
    return result;
  }

 private:
  // Asked for now: a prompt under a moving progress line is no prompt.
  void sign_in_words(const PushSource& source) {
    if (source.signs_in) task_.reveal(*source.signs_in);
    task_.reveal(task_.to);
  }

  static std::string advice(const PushSource& source, const Error&) {
    return source.signs_in ? source.signs_in->advice : std::string();
  }

  void carry(const PushSource& from, Selection& selection, ProgressView& view, AccountResult& result,
             engine::Report& report, engine::PushCounts& counts) {
    const auto source = from.open(work_folder_);
    NoSink no_sink;
    NoLedger no_ledger;
    auto look = world(from, *source, no_sink, no_ledger, view, selection);
    Reception there;
    engine::Plan plan;
    {
      // Both sides at once: each has some round trips of its own to go.
      TaskGroup meanwhile(program_.stop);
      meanwhile.start("destination", [&](const std::stop_token& stop) { there = sign_in_there(view, stop); });
      plan = engine::make_plan(look, program_.stop);
      check_patterns(selection);
      meanwhile.join();
    }
    auto preflight = fly(from, plan, std::move(there));
    refuse_same_folder(from, preflight);
    tell(console_, preflight, task_.options.dry_run);
    if (task_.options.dry_run) {
      if (preflight.traits.append_limit)
        tell_too_large(console_, *source, plan, selection, *preflight.traits.append_limit, program_.stop);
      result.balance.listed = preflight.time.messages;
      result.exit = Exit::complete;
      result.complete = true;
      return;
    }
    engine::Push push(from.ledger_id, place_of(task_.to), *there_, *ledger_, preflight.folders, push_options(from),
                      look.limits, program_.clock, view, program_.stop);
    SeenSink as_read(push.sink());
    const bool seen = !from.has_flags && task_.options.seen;
    auto into = world(from, *source, seen ? as_read : push.sink(), push.ledger(), view, selection);
    report = engine::run(plan, into, program_.stop);
    counts = push.counts();
    result.balance = report.record.balance;
    result.reflagged = report.reflagged, result.bytes = report.bytes, result.new_bytes = report.new_bytes;
    result.complete = report.record.complete && report.ending == engine::Ending::done;
    result.exit = exit_of_push(report);
    // Nothing of a run that left something out: what it did not carry may be what somebody wants to look for there.
    if (task_.options.delete_after_days && result.complete) {
      const auto keeper = push.keeper();
      empty_source({program_, task_.options, plan, *source, *keeper, view}, result);
    }
  }

  engine::World world(const PushSource& from, mail::MailSource& source, mail::MailSink& sink, mail::Ledger& ledger,
                      ProgressView& view, Selection& selection) const {
    engine::World out{.account = from.account,
                      .source = source,
                      .sink = sink,
                      .ledger = ledger,
                      .events = view,
                      .clock = program_.clock,
                      .limits = limits_of(task_.options, task_.to.connections),
                      .folders =
                          [&selection, also = from.folders](const mail::Folder& f) {
                            return selection.takes_folder(f.path, f.role) && (!also || also(f));
                          },
                      .messages = {},
                      .selection = selection.in_words(),
                      .accept_shrink = true,
                      .full = true};
    if (selection.filters_messages()) {
      out.messages = [&selection](const mail::Meta& m) { return selection.leaves_out(m.received, m.size); };
    }
    return out;
  }

  engine::PushOptions push_options(const PushSource& from) const {
    engine::PushOptions out;
    out.keep_all = task_.options.keep_all;
    if (!out.keep_all) {
      out.merge_with = sources_;
      out.merge_with.erase(from.ledger_id);
    }
    // What a POP3 message brings along (an mbox's Status) is for new mail: it is no reason to change what lies there.
    out.flags = from.has_flags ? flag_rule(task_.options, task_.usual_flags) : engine::FlagRule::never;
    out.skip_deleted = task_.options.deleted == "skip";
    out.repair = task_.options.repair;
    out.respect_deletions = task_.options.respect_deletions;
    return out;
  }

  // What the destination says before anything is put into it.
  struct Reception {
    mail::DestinationTraits traits;
    std::vector<mail::Folder> folders;
  };

  Reception sign_in_there(ProgressView& view, const std::stop_token& stop) {
    if (!there_) {
      const endpoints::Secret secret{[this] { return task_.reveal(task_.to); }};
      there_ = endpoints::make_destination(task_.to, secret, tools_of(task_, work_folder_));
    }
    return insist(program_, limits_of(task_.options, {}), view, stop, [&] {
      Reception out;
      out.traits = there_->traits(stop);
      out.folders = there_->folders(stop);
      return out;
    });
  }

  Preflight fly(const PushSource& from, const engine::Plan& plan, Reception there) {
    Preflight out{.from = from.account,
                  .to = task_.to.id(),
                  .folders = {},
                  .left_out = plan.left_out,
                  .traits = std::move(there.traits)};
    if (from.signs_in != nullptr) out.time.daily_down = from.signs_in->daily_bytes_down;
    out.time.daily_up = task_.to.daily_bytes_up;
    std::vector<mail::Folder> ours;
    std::set<std::string> taken;
    for (const auto& task : plan.tasks) {
      ours.push_back(task.folder);
      taken.insert(task.folder.wire_name);
      out.time.messages += task.folder.messages, out.time.bytes += task.folder.bytes;
    }
    ours.insert(ours.end(), plan.left_out.begin(), plan.left_out.end());
    out.folders = place_folders(ours, there.folders, mapping_rules(task_.options), out.traits);
    std::erase_if(out.folders, [&](const auto& one) { return !taken.contains(one.from.wire_name); });
    return out;
  }

  void refuse_same_folder(const PushSource& from, const Preflight& preflight) const {
    if (!from.signs_in || place_of(*from.signs_in) != place_of(task_.to)) return;
    for (const auto& one : preflight.folders) {
      if (!one.from.selectable || there_->wire_name(one.to) != one.from.wire_name) continue;
      refuse(fmt::format("{}: would be copied onto itself; give --map or --under, or another account",
                         printable(mail::join_path(one.from.path), 200)));
    }
  }

  void check_patterns(const Selection& selection) const {
    if (const auto idle = selection.idle_folder_patterns(); !idle.empty() && alone_)
      refuse(fmt::format("--folder {}: there is no such folder", printable(idle.front(), 120)));
    if (!alone_) return;
    for (const auto& pattern : selection.idle_exclude_patterns())
      console_.warn(fmt::format("--exclude {}: there is no such folder", printable(pattern, 120)));
  }

  PushTask& task_;
  Program& program_;
  Console& console_;
  std::filesystem::path work_folder_;
  std::unique_ptr<mail::PushLedger> ledger_;
  std::optional<PushLock> lock_;
  std::unique_ptr<mail::Destination> there_;

 public:
  std::set<std::string> sources_;  // as the ledger knows them
  bool alone_ = true;  // the only source: a --folder that finds nothing is its error
};

}  // namespace

endpoints::Tools tools_of(const PushTask& task, const std::filesystem::path& work_folder) {
  return {.dialer = task.dialer,
          .budget = task.budget,
          .clock = task.program.clock,
          .work_folder = work_folder,
          .timeouts = timeouts_of(task.options),
          .transcript = task.transcript,
          .max_sessions = task.options.connections.value_or(0),
          .folder_sizes = true,
          .stays_signed_in = task.options.delete_after_days.has_value()};
}

std::vector<AccountResult> push_all(PushTask& task, const std::vector<PushSource>& sources) {
  Selection selection(task.options);
  mapping_rules(task.options);
  Pusher pusher(task);
  pusher.alone_ = sources.size() == 1;
  for (const auto& source : sources) pusher.sources_.insert(source.ledger_id);
  std::vector<AccountResult> results;
  for (const auto& source : sources) {
    results.push_back(pusher.push(source, selection));
    if (task.program.stop.stop_requested()) break;  // the rest is for the next run
  }
  const auto idle = selection.idle_folder_patterns();
  if (sources.size() > 1 && !idle.empty()) {
    task.program.console.error(fmt::format("--folder {}: no source has such a folder", printable(idle.front(), 120)));
    if (results.back().exit == Exit::complete) results.back().exit = Exit::usage;
  }
  return results;
}

engine::MappingRules mapping_rules(const Options& options) {
  engine::MappingRules out;
  for (const auto& one : options.map) {
    const auto sign = one.find('=');
    if (sign == std::string::npos || sign == 0 || sign + 1 == one.size())
      refuse(fmt::format("--map {}: is written FROM=TO", printable(one, 120)));
    const auto from = one.substr(0, sign), to = one.substr(sign + 1);
    if (!out.map.emplace(from, to).second)
      refuse(fmt::format("--map: {} is given two places", printable(from, 120)));
  }
  out.under = options.under;
  return out;
}

config::Account find_destination(const std::string& word, const Program& program, const Options& options) {
  auto out = find_account(word, program.config, options);
  if (out.protocol == config::Protocol::pop3)
    refuse(fmt::format("{}: no mail can be put into a POP3 mailbox, it can only be read", printable(out.url(), 200)));
  return out;
}

Exit finish_push(Program& program, const std::vector<AccountResult>& results) {
  std::vector<Exit> exits;
  for (const auto& one : results) exits.push_back(one.exit);
  const auto exit = worst(exits);
  if (results.size() > 1) {
    program.console.json(summary(total_of(results, exit)).add("accounts", std::uint64_t{results.size()}));
  }
  return exit;
}

}  // namespace postferry::cli
