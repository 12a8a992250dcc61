#include <cstdlib>
#include <map>
#include <set>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "commands.h"
#include "network.h"
#include "push.h"

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(Cause::config, Blast::run, Retry::never, what); }

std::vector<config::Account> sources_of(const Program& program, const Options& options) {
  std::vector<config::Account> out;
  std::set<std::string> ids;
  for (std::size_t i = 0; i + 1 < options.words.size(); ++i) {
    out.push_back(find_account(options.words[i], program.config, options));
    if (!ids.insert(out.back().id()).second) refuse(fmt::format("{} is named twice", printable(out.back().id(), 120)));
  }
  return out;
}

}  // namespace

void check_migration(const Program& program, const Options& options) {
  sources_of(program, options);
  find_destination(options.words.back(), program, options);
  mapping_rules(options);
}

std::vector<AccountResult> migrate_accounts(Program& program, const Options& options) {
  const auto accounts = sources_of(program, options);
  const auto to = find_destination(options.words.back(), program, options);
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  Secrets secrets(accounts,
                  {options.password_command, program.passwords, credentials ? credentials : "",
                   terminal_prompt(program.stop), options.to_password_command},
                  to);
  const auto reveal = [&](const config::Account& account) {
    if (&account == &to) return secrets.reveal(accounts.size());
    return secrets.reveal(static_cast<std::size_t>(&account - accounts.data()));
  };
  const Network network(options, program.clock);
  const auto transcript = options.trace_file.empty() ? nullptr : net::file_transcript(options.trace_file);
  ByteBudget budget(push_budget);
  PushTask task{program, options, to, network.dialer(), budget, transcript.get(), reveal, engine::FlagRule::merge};
  std::vector<PushSource> sources;
  for (const auto& account : accounts) {
    PushSource source{.account = account.id(), .ledger_id = account.id(), .open = {}};
    source.open = [&task, &account](const std::filesystem::path& work_folder) {
      const endpoints::Secret secret{[&task, &account] { return task.reveal(account); }};
      return endpoints::make_source(account, secret, tools_of(task, work_folder));
    };
    source.signs_in = &account;
    source.has_flags = account.protocol == config::Protocol::imap;
    sources.push_back(std::move(source));
  }
  return push_all(task, sources);
}

Exit migrate(Program& program) {
  program.console.keep_going();
  return finish_push(program, migrate_accounts(program, program.options));
}

}  // namespace postferry::cli
