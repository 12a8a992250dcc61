#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "backup_account.h"
#include "commands.h"
#include "jobs.h"
#include "network.h"
#include "push.h"
#include "secrets.h"
#include "when.h"

namespace postferry::cli {
namespace {

// The memory that messages in flight may hold, over all lanes (ARCHITECTURE.md, memory).
constexpr std::size_t budget_bytes = 8u << 20;  // bodies in flight, which a kill costs too

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

std::vector<config::Account> accounts_of(const Program& program, const Options& options) {
  std::vector<config::Account> out;
  std::set<std::string> ids;
  for (std::size_t i = 0; i + 1 < options.words.size(); ++i) {
    out.push_back(find_account(options.words[i], program.config, options));
    if (!ids.insert(out.back().id()).second) {
      refuse(options.as.empty() ? fmt::format("{} is named twice", printable(out.back().id(), 120))
                                : "--as names one account, but several are given");
    }
  }
  return out;
}

Secrets secrets_of(const Program& program, const Options& options,
                   const std::vector<config::Account>& accounts) {
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  return Secrets(accounts, {options.password_command, program.passwords, credentials ? credentials : "",
                            terminal_prompt(program.stop)});
}

std::string quoted(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_-./:@%+").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void say_where(const Program& program, const std::filesystem::path& path) {
  auto& console = program.console;
  if (console.is_json() || console.quiet()) return;
  const auto name = printable(quoted(path.native()));
  console.line(fmt::format("archive {}: {}", name, human_bytes(size_on_disk(path))));
  console.line(
      fmt::format("to get a message back: postferry show {} ID > message.eml   (IDs: postferry ls {} FOLDER)",
                  name, name));
}

std::vector<AccountResult> carry_all(Program& program, const Options& options) {
  const auto accounts = accounts_of(program, options);
  const auto place = find_archive(options.words.back(), program.config);
  Selection selection(options);
  auto secrets = secrets_of(program, options, accounts);
  std::optional<OpenArchive> archive;
  if (options.dry_run) {
    // a plan makes no archive, but says where none could be made
    if (is_there(program, place)) archive = open_archive(program, place);
  } else {
    archive = open_or_create(program, place);
  }
  const Network network(options, program.clock);
  const auto transcript = options.trace_file.empty() ? nullptr : net::file_transcript(options.trace_file);
  ByteBudget budget(budget_bytes);
  BackupWorld world{program, options,          archive ? &*archive : nullptr, place.path, selection, network.dialer(),
                    budget,  transcript.get(), accounts.size() == 1};
  std::vector<AccountResult> results;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const endpoints::Secret secret{[&secrets, i] { return secrets.reveal(i); }};
    results.push_back(options.dry_run ? plan_only(world, accounts[i], secret)
                                      : back_up(world, accounts[i], secret));
    if (program.stop.stop_requested()) break;  // the rest is for the next run
  }
  const auto idle = selection.idle_folder_patterns();
  if (accounts.size() > 1 && !idle.empty()) {
    program.console.error(
        fmt::format("--folder {}: no account has such a folder", printable(idle.front(), 120)));
    results.back().exit = results.back().exit == Exit::complete ? Exit::usage : results.back().exit;
  }
  archive.reset();
  const auto kept = [](const AccountResult& one) { return !one.snapshot.empty(); };
  if (std::any_of(results.begin(), results.end(), kept)) say_where(program, place.path);
  return results;
}

Exit exit_of_all(const std::vector<AccountResult>& results) {
  std::vector<Exit> exits;
  for (const auto& one : results) exits.push_back(one.exit);
  return worst(exits);
}

Exit finish(Program& program, const std::vector<AccountResult>& results) {
  const auto exit = exit_of_all(results);
  if (results.size() > 1) {
    program.console.json(summary(total_of(results, exit)).add("accounts", std::uint64_t{results.size()}));
  }
  return exit;
}

}  // namespace

Exit backup(Program& program) {
  program.console.keep_going();
  return finish(program, carry_all(program, program.options));
}

Exit run_jobs(Program& program) {
  auto& console = program.console;
  console.keep_going();
  std::vector<std::string> names = program.options.words;
  if (program.options.all_jobs) {
    if (!names.empty()) refuse("--all goes without names of jobs");
    for (const auto& [name, job] : program.config.jobs) names.push_back(name);
  }
  if (names.empty()) refuse("which job? Name some, or give --all");
  // all are looked at before the first is run: a misspelt name should not show after an hour
  std::vector<Options> jobs;
  for (const auto& name : names) {
    const auto at = program.config.jobs.find(name);
    if (at == program.config.jobs.end()) {
      std::vector<std::string> known;
      for (const auto& [other, job] : program.config.jobs) known.push_back(other);
      const auto near = nearest(name, known);
      refuse(fmt::format("there is no job \"{}\"{}", printable(name, 60),
                         near ? fmt::format("; did you mean {}?", *near) : ""));
    }
    jobs.push_back(options_of_job(at->second, program.config, program.options));
    if (jobs.back().command == Command::migrate) {
      check_migration(program, jobs.back());
    } else {
      accounts_of(program, jobs.back());
    }
  }
  std::vector<AccountResult> all;
  for (std::size_t i = 0; i < jobs.size() && !program.stop.stop_requested(); ++i) {
    console.detail(fmt::format("job {}", printable(names[i], 60)));
    try {
      auto results = jobs[i].command == Command::migrate ? migrate_accounts(program, jobs[i])
                                                         : carry_all(program, jobs[i]);
      for (auto& one : results) all.push_back(std::move(one));
    } catch (const Error& error) {  // one job's archive is not there: the others are run all the same
      console.error(fmt::format("job {}: {}", printable(names[i], 60), error.what()));
      console.json(
          codec::Json::object().add("event", "error").add("job", names[i]).add("text", error.what()));
      AccountResult failed;
      failed.exit = exit_of(error);
      failed.error = error.what();
      all.push_back(failed);
    }
  }
  return finish(program, all);
}

}  // namespace postferry::cli
