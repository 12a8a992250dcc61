#include "empty_source.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/text.h>
#include "when.h"

namespace postferry::cli {

void empty_source(const Emptying& emptying, AccountResult& result) {
  const auto& options = emptying.options;
  std::vector<mail::Folder> folders;
  for (const auto& task : emptying.plan.tasks) folders.push_back(task.folder);
  engine::ReleaseWorld world{emptying.source, emptying.keeper, emptying.events, emptying.program.clock,
                             {std::chrono::days(*options.delete_after_days), options.max_deletions}};
  result.release = engine::release(folders, world, emptying.program.stop);
  if (result.exit == Exit::complete && !result.release->is_whole()) result.exit = Exit::partly;
}

void say_release(Program& program, const std::string& account, AccountResult& result) {
  auto& console = program.console;
  const auto& r = *result.release;
  if (!console.is_json() && !console.quiet()) {
    auto line = fmt::format("  {} deleted at the source", counted(r.deleted, "message", "messages"));
    if (r.vanished) line += fmt::format(", {} were gone already", grouped(r.vanished));
    if (r.postponed) line += fmt::format("; {} more are due (max_deletions)", grouped(r.postponed));
    if (r.unproven) line += fmt::format("; {} stay, held by their headers only (--full fetches them)", grouped(r.unproven));
    console.line(line);
  }
  if (r.refused) console.error(counted(r.refused, "message could not be deleted:", "messages could not be deleted:"));
  if (r.unknown) {
    console.error(fmt::format("{}; the next run looks", counted(r.unknown, "message may or may not be deleted",
                                                               "messages may or may not be deleted")));
  }
  for (const auto& problem : r.problems) console.error("  " + printable(problem, 800));
  if (r.error) note_error(program, account, {}, *r.error, result);
}

void add_release(codec::Json& summary, const engine::ReleaseReport& report) {
  summary.add("released", report.deleted).add("not_released", report.refused).add("release_unknown", report.unknown);
  summary.add("release_vanished", report.vanished);
  summary.add("release_postponed", report.postponed + report.unproven);
}

}  // namespace postferry::cli
