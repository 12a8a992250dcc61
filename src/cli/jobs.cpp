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
  if (config.accounts.contains(job.to) || job.to.find("://") != std::string::npos) {
    refuse(job, fmt::format("to = \"{}\" is an account; this version carries mail into archives only",
                            config.accounts.contains(job.to) ? printable(job.to, 60) : "..."));
  }
  if (job.after == "delete") {
    refuse(job,
           "after = \"delete\": this version deletes nothing at a source (leave the line out, or write "
           "\"keep\")");
  }
  if (job.delete_after_days || job.max_deletions) {
    refuse(job,
           "delete_after_days and max_deletions go with after = \"delete\", which this version does not do");
  }
  if (!job.map.empty()) refuse(job, "map: an archive keeps every folder under its own name");
  Options out = command_line;
  out.command = Command::backup;
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
