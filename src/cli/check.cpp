#include <chrono>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "commands.h"
#include "open_archive.h"
#include "parts.h"
#include "when.h"

namespace postferry::cli {
namespace {

archive::CheckOptions check_options(const Options& options) {
  archive::CheckOptions out;
  out.read_data = options.read_data || !options.read_data_subset.empty();
  if (options.read_data_subset.empty()) return out;
  const auto part = read_part(options.read_data_subset);
  if (!part) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("--read-data-subset: \"{}\" is neither a percentage (5%) nor a part (2/7)",
                            printable(options.read_data_subset, 40)));
  }
  out.percent = part->percent;
  out.part = part->part;
  return out;
}

void tell(Console& console, const archive::Problem& problem) {
  if (console.is_json()) {
    auto messages = codec::Json::array();
    for (const auto& one : problem.messages) messages.add(codec::Json(one));
    console.json(codec::Json::object()
                     .add("event", "problem")
                     .add("error", problem.is_error)
                     .add("where", problem.where)
                     .add("what", problem.what)
                     .add("messages", messages));
  }
  const auto line = fmt::format("{}: {}", printable(problem.where, 300), printable(problem.what, 500));
  if (problem.is_error) {
    console.error(line);
  } else {
    console.warn(line);
  }
  for (const auto& one : problem.messages) console.error("  " + printable(one, 400));
}

}  // namespace

Exit check(Program& program) {
  auto& console = program.console;
  const auto options = check_options(program.options);
  const auto place = find_archive(program.options.words.front(), program.config);
  const auto archive = open_archive(program, place);
  const auto begin = std::chrono::steady_clock::now();
  const auto report = archive->check(
      options, [&](const archive::Problem& problem) { tell(console, problem); },
      [&](std::uint64_t done, std::uint64_t all) {
        program.check_stop();
        if (all) console.status(fmt::format("checked {} of {}", human_bytes(done), human_bytes(all)));
      });
  console.status("");
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  console.json(codec::Json::object()
                   .add("event", "summary")
                   .add("archive", archive.info.id)
                   .add("packs", report.packs)
                   .add("snapshots", report.snapshots)
                   .add("messages", report.messages)
                   .add("messages_read", report.messages_read)
                   .add("bytes_read", report.bytes_read)
                   .add("errors", report.errors)
                   .add("seconds", seconds));
  if (!console.is_json() && !console.quiet()) {
    console.line(fmt::format(
        "{}: {}, {}, {}{}: {}", printable(place.path.native()), counted(report.packs, "pack", "packs"),
        counted(report.snapshots, "snapshot", "snapshots"), counted(report.messages, "message", "messages"),
        options.read_data
            ? fmt::format(", {} read ({})", grouped(report.messages_read), human_bytes(report.bytes_read))
            : "",
        report.errors ? counted(report.errors, "error", "errors") : "no errors"));
  }
  return report.errors ? Exit::damaged : Exit::complete;
}

}  // namespace postferry::cli
