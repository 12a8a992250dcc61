#include <postferry/endpoints/registry.h>

#include <array>

#include <fmt/format.h>

#include <postferry/base/error.h>

#include "imap_destination.h"
#include "imap_source.h"
#include "pop3_source.h"

namespace postferry::endpoints {
namespace {

using Make = std::unique_ptr<mail::MailSource> (*)(const config::Account&, Secret, Tools);

struct Kind {
  config::Protocol protocol;
  Make make;
};

// Every kind of source the program knows. A new one is a line here and a file pair beside.
constexpr std::array<Kind, 2> kinds = {{
    {config::Protocol::imap, imap_source},
    {config::Protocol::pop3, pop3_source},
}};

}  // namespace

std::unique_ptr<mail::MailSource> make_source(const config::Account& account, Secret secret, Tools tools) {
  for (const auto& kind : kinds) {
    if (kind.protocol == account.protocol) return kind.make(account, std::move(secret), tools);
  }
  throw Error(Cause::config, Blast::endpoint, Retry::never,
              fmt::format("{}: there is no source for this protocol", account.url()));
}

std::unique_ptr<mail::Destination> make_destination(const config::Account& account, Secret secret, Tools tools) {
  if (account.protocol == config::Protocol::imap) return imap_destination(account, std::move(secret), tools);
  throw Error(Cause::config, Blast::endpoint, Retry::never,
              fmt::format("{}: no mail can be put into a POP3 mailbox, it can only be read", account.url()));
}

}  // namespace postferry::endpoints
