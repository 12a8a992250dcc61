#include "endpoints.h"

#include <cctype>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/net/stream.h>

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> out;
  for (const auto& [name, value] : map) out.push_back(name);
  return out;
}

// "scheme://..." or "maildir:PATH": words of other kinds of endpoints, which deserve a better answer than "no
// account".
std::optional<std::string> scheme_of(const std::string& word) {
  const auto colon = word.find(':');
  if (colon == std::string::npos || colon < 2) return std::nullopt;
  const auto scheme = lower(word.substr(0, colon));
  for (const char c : scheme) {
    if (!std::isalnum(static_cast<unsigned char>(c))) return std::nullopt;
  }
  return scheme;
}

// What the options say for all accounts of the command.
config::Account with_options(config::Account account, const Options& options) {
  if (!options.auth_user.empty()) account.auth_user = options.auth_user;
  if (options.connections) account.connections = options.connections;
  if (!options.as.empty()) account.archive_as = options.as;
  if (account.security == config::Security::none && !net::is_loopback_name(account.host) &&
      !options.allow_plaintext) {
    refuse(
        fmt::format("{}: tls = \"off\" would send the password readable to everyone on the way; it needs "
                    "--allow-plaintext",
                    printable(account.url())));
  }
  return account;
}

}  // namespace

config::Account find_account(const std::string& word, const config::Config& config, const Options& options) {
  if (const auto named = config.accounts.find(word); named != config.accounts.end()) {
    return with_options(named->second, options);
  }
  if (const auto address = config::parse_url(word, config::profile_folders(), options.allow_plaintext)) {
    return with_options(*address, options);
  }
  if (config.archives.contains(word))
    refuse(fmt::format("{} is an archive, but an account is expected here", printable(word, 60)));
  if (const auto scheme = scheme_of(word)) {
    static const std::vector<std::string> schemes{"imaps", "imap", "pop3s", "pop3"};
    const auto near = nearest(*scheme, schemes);
    // what follows the scheme may hold a secret, and is not repeated
    refuse(fmt::format("{}: is no kind of account{}", printable(*scheme, 20),
                       near ? fmt::format("; did you mean {}://?", *near)
                            : "; there are imaps://, imap://, pop3s:// and pop3://"));
  }
  const auto near = nearest(word, names_of(config.accounts));
  refuse(fmt::format(
      "there is no account \"{}\" in {}{}", printable(word, 60),
      config.file.empty() ? "the configuration (there is none)" : config.file.native(),
      near ? fmt::format("; did you mean {}?", *near) : "; an address looks like imaps://user@host"));
}

ArchivePlace find_archive(const std::string& word, const config::Config& config) {
  ArchivePlace out;
  if (const auto named = config.archives.find(word); named != config.archives.end()) {
    return {std::filesystem::absolute(named->second.path).lexically_normal(), named->second.codec, true};
  }
  if (config.accounts.contains(word))
    refuse(fmt::format("{} is an account, but an archive is expected here", printable(word, 60)));
  if (word.find("://") != std::string::npos) {
    refuse(fmt::format("{}: an archive is expected here, a path or a configured name",
                       word.substr(0, word.find("://") + 3) + "..."));
  }
  if (word.empty()) refuse("the archive's path is empty");
  const auto path = word.starts_with("archive:") ? word.substr(8) : word;
  std::error_code unknown;  // a path that cannot be looked at is not there; opening it will say why
  const bool bare = path == word && word.find('/') == std::string::npos && word != "." && word != "..";
  if (bare && !config.archives.empty() && !std::filesystem::exists(path, unknown)) {
    const auto near = nearest(word, names_of(config.archives));
    refuse(fmt::format("there is no archive \"{}\" in {}{} (a new folder of that name is written ./{})",
                       printable(word, 60), config.file.native(),
                       near ? fmt::format("; did you mean {}?", *near) : "", printable(word, 60)));
  }
  auto absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // a trailing slash is no other place
  out.path = absolute;
  return out;
}

}  // namespace postferry::cli
