#include <system_error>

#include <fmt/format.h>

#include <unistd.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "commands.h"
#include "endpoints.h"
#include "jobs.h"
#include "selection.h"

namespace postferry::cli {
namespace {

// Says every mistake, not only the first: the reader of the file has done its part already.
class Findings {
 public:
  explicit Findings(Console& console) : console_(console) {}
  template <class Work>
  void look(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      ++count_;
      console_.error(error.what());
      console_.json(codec::Json::object().add("event", "problem").add("text", error.what()));
    }
  }
  std::uint64_t count() const { return count_; }

 private:
  Console& console_;
  std::uint64_t count_ = 0;
};

void check_command(const std::string& name, const std::vector<std::string>& argv) {
  if (argv.empty() || argv.front().find('/') == std::string::npos ||
      ::access(argv.front().c_str(), X_OK) == 0)
    return;
  throw Error(Cause::config, Blast::run, Retry::never,
              fmt::format("accounts.{}.password_command: {} cannot be run", printable(name, 60),
                          printable(argv.front(), 120)));
}

void check_ca(const std::string& name, const std::string& file) {
  if (file.empty() || ::access(file.c_str(), R_OK) == 0) return;
  throw Error(Cause::config, Blast::run, Retry::never,
              fmt::format("accounts.{}.ca: {} cannot be read", printable(name, 60), printable(file, 200)));
}

void check_job(const config::Job& job, const Program& program) {
  const auto options = options_of_job(job, program.config, program.options);
  Selection{options};
  for (const auto& from : job.from) find_account(from, program.config, options);
  find_archive(job.to, program.config);
}

}  // namespace

Exit config_check(Program& program) {
  const auto& config = program.config;
  auto& console = program.console;
  if (config.file.empty()) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("there is no configuration ({})", config::default_config_file().native()));
  }
  Findings findings(console);
  for (const auto& [name, account] : config.accounts) {
    findings.look([&] { check_command(name, account.password_command); });
    findings.look([&] { check_ca(name, account.ca_file); });
    findings.look([&] { find_account(name, config, program.options); });
  }
  for (const auto& [name, job] : config.jobs) {
    findings.look([&] {
      try {
        check_job(job, program);
      } catch (const Error& error) {
        const std::string what = error.what();
        if (what.starts_with("jobs.")) throw;
        throw Error(error.cause, error.blast, error.retry,
                    fmt::format("jobs.{}: {}", printable(name, 60), what));
      }
    });
  }
  console.json(codec::Json::object()
                   .add("event", "summary")
                   .add("file", config.file.native())
                   .add("accounts", std::uint64_t{config.accounts.size()})
                   .add("archives", std::uint64_t{config.archives.size()})
                   .add("jobs", std::uint64_t{config.jobs.size()})
                   .add("problems", findings.count()));
  if (!console.is_json() && findings.count() == 0) {
    console.said(fmt::format("{}: right ({} accounts, {} archives, {} jobs)", config.file.native(),
                             config.accounts.size(), config.archives.size(), config.jobs.size()));
  }
  return findings.count() ? Exit::usage : Exit::complete;
}

}  // namespace postferry::cli
