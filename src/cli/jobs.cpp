#include "jobs.h"

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const config::Job& job, const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never,
              fmt::format("jobs.{}: {}", printable(job.name, 60), what));
}

}  // namespace

Options options_of_job(const config::Job& job, const config::Config& config, const Options& command_line) {
  const bool deletes = job.after == "delete";
  if (deletes && !job.delete_after_days) {
    refuse(job, "after = \"delete\" needs delete_after_days: how long mail stays at the source after it was first seen there");
  }
  if (!deletes && (job.delete_after_days || job.max_deletions)) {
    refuse(job, "delete_after_days and max_deletions go with after = \"delete\"");
  }
  const bool to_account = config.accounts.contains(job.to) || job.to.find("://") != std::string::npos;
  if (!to_account && (!job.map.empty() || !job.under.empty() || !job.flags.empty() || !job.deleted.empty() ||
                      job.seen || job.respect_deletions || job.keep_all)) {
    refuse(job,
           "map, under, flags, deleted, seen, respect_deletions and keep_all are for mail that goes to an account: an archive "
           "keeps every folder under its own name, and everything as it was");
  }
  if (deletes && to_account && !(job.since + job.before + job.max_size).empty()) {
    refuse(job, "after = \"delete\" goes without since, before and max_size where mail goes to an account");
  }
  Options out = command_line;
  out.delete_after_days = job.delete_after_days;
  out.max_deletions = job.max_deletions;
  out.command = to_account ? Command::migrate : Command::backup;
  for (const auto& [from, to] : job.map) out.map.push_back(from + "=" + to);
  out.under = job.under;
  out.flags = job.flags;
  out.deleted = job.deleted;
  out.seen = job.seen;
  out.respect_deletions = job.respect_deletions;
  out.keep_all = job.keep_all;
  out.words = job.from;
  out.words.push_back(job.to);
  out.folder = job.folder;
  out.exclude = job.exclude;
  out.since = job.since;
  out.before = job.before;
  out.max_size = job.max_size;
  out.as.clear();
  return out;
}

}  // namespace postferry::cli
