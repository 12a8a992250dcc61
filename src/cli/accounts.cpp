#include <algorithm>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "commands.h"

namespace postferry::cli {

Exit accounts(Program& program) {
  auto& console = program.console;
  const auto& all = program.config.accounts;
  std::size_t wide = 0;
  for (const auto& [name, account] : all) wide = std::max(wide, name.size());
  for (const auto& [name, account] : all) {
    if (console.is_json()) {
      console.json(codec::Json::object()
                       .add("event", "account")
                       .add("name", name)
                       .add("id", account.id())
                       .add("url", account.url())
                       .add("profile", account.profile));
    } else {
      console.line(fmt::format("{:<{}}  {}{}", printable(name), wide, printable(account.url()),
                               account.profile.empty() ? "" : fmt::format("  ({})", account.profile)));
    }
  }
  console.json(codec::Json::object().add("event", "summary").add("accounts", std::uint64_t{all.size()}));
  if (all.empty() && !console.is_json()) {
    console.said(program.config.file.empty()
                     ? fmt::format("no accounts: there is no {}", config::default_config_file().native())
                     : fmt::format("no accounts in {}", program.config.file.native()));
  }
  return Exit::complete;
}

}  // namespace postferry::cli
