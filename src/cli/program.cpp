#include <postferry/cli/program.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SSLManager.h>
#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

#include "commands.h"
#include "console.h"
#include "interrupts.h"
#include "options.h"
#include "program_state.h"
#include "secrets.h"
#include "ticker.h"

namespace postferry::cli {
namespace {

constexpr std::chrono::milliseconds redraw{200};

void prepare_process() {
  ::umask(077);                          // mail is nobody else's business
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // no core with a password in it, no ptrace by a neighbour
  // Eight threads with arenas of their own keep tens of MiB that are free; the memory bound counts on two.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
  // A body that comes from the system and goes back to it costs a page fault for each of its pages.
  ::mallopt(M_MMAP_THRESHOLD, 2 << 20);
  std::signal(SIGPIPE, SIG_IGN);
  block_interrupts();
  // Once, before any thread: two threads that make Poco's SSLManager at once race (poco-3558).
  Poco::Net::initializeSSL();
}

Exit dispatch(Program& program) {
  switch (program.options.command) {
    case Command::init:
      return init(program);
    case Command::backup:
      return backup(program);
    case Command::snapshots:
      return snapshots(program);
    case Command::ls:
      return ls(program);
    case Command::show:
      return show(program);
    case Command::diff:
      return diff(program);
    case Command::export_:
      return export_snapshot(program);
    case Command::check:
      return check(program);
    case Command::run:
      return run_jobs(program);
    case Command::migrate:
      return migrate(program);
    case Command::restore:
      return restore(program);
    case Command::compare:
      return compare(program);
    case Command::accounts:
      return accounts(program);
    case Command::config_check:
      return config_check(program);
  }
  return Exit::usage;
}

Exit told(Console& console, const Error& error) {
  console.status("");
  console.error(error.what());
  if (!error.advice.empty()) console.error(error.advice);
  const auto exit = exit_of(error);
  console.json(codec::Json::object()
                   .add("event", "error")
                   .add("text", error.what())
                   .add("exit", static_cast<int>(exit)));
  return exit;
}

// Every way a command can end, turned into an exit status.
Exit guarded(Console& console, const std::function<Exit()>& work) {
  try {
    try {
      const auto exit = work();
      console.flush();
      return exit;
    } catch (const Error& error) {
      const auto exit = told(console, error);
      console.flush();
      return exit;
    } catch (const Cancelled&) {
      console.flush();
      return Exit::interrupted;
    }
  } catch (const ReaderGone&) {
    return Exit::complete;                 // `| head` has seen what it wanted
  } catch (const std::exception& error) {  // out of memory, a bug: said, never swallowed
    console.status("");
    console.error(fmt::format("internal error: {}", printable(error.what(), 500)));
    return Exit::failed;
  }
}

int run(const Options& options, std::map<std::string, std::string> passwords) {
  Console console(options);
  const auto files = disk_files();
  const auto clock = system_clock();
  const auto work = [&](std::stop_token stop) {
    return static_cast<int>(guarded(console, [&] {
      Program program{
          options, console, *files, *clock, stop, std::move(passwords), read_configuration(options)};
      return dispatch(program);
    }));
  };
  const auto asked = [&] {
    console.said("interrupted: finishing what has arrived (once more, and it stops at once)");
  };
  return run_interruptible(work, asked, [] { Ticker::tick(); }, redraw);
}

}  // namespace

config::Config read_configuration(const Options& options) {
  const auto folders = config::profile_folders();
  if (!options.config_file.empty()) return config::load_config(options.config_file, folders);
  const auto usual = config::default_config_file();
  std::error_code ignored;  // a place that cannot be looked at holds no configuration for us
  if (usual.empty() || !std::filesystem::exists(usual, ignored)) {
    const char* named = std::getenv("POSTFERRY_CONFIG");
    if (named && *named) return config::load_config(named, folders);  // says that it is not there
    return {};
  }
  return config::load_config(usual, folders);
}

int run_program(int argc, char** argv) {
  prepare_process();
  auto passwords = take_passwords_from_environment();
  try {
    const auto parsed = parse_arguments(argc, argv);
    if (parsed.exit) return *parsed.exit;
    return run(parsed.options, std::move(passwords));
  } catch (const Error& error) {  // the log file that cannot be opened
    fmt::print(stderr, "postferry: {}\n", error.what());
    return static_cast<int>(Exit::failed);
  } catch (const std::exception& error) {
    fmt::print(stderr, "postferry: internal error: {}\n", printable(error.what(), 500));
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace postferry::cli
