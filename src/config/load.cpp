#include <cstdlib>

#include <sys/stat.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/config/config.h>

#include "keys.h"
#include "profile.h"
#include "where.h"

namespace postferry::config {
namespace {

// An array is run as it is; a text is for the shell.
std::vector<std::string> command(Keys& keys, std::string_view key) {
  const auto* node = keys.node(key);
  if (!node) return {};
  if (const auto* line = node->as_string()) {
    if (line->get().empty()) keys.refuse_key(key, "is empty");
    return {"/bin/sh", "-c", line->get()};
  }
  auto words = keys.texts(key);
  if (words.empty() || words.front().empty()) keys.refuse_key(key, "is empty");
  return words;
}

void check_only_ours(const std::filesystem::path& file, const Keys& keys) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return;  // read a moment ago, gone now: nobody else reads it either
  if (info.st_mode & (S_IRWXG | S_IRWXO)) {
    keys.refuse_key("password",
                    fmt::format("others may read this file; chmod 600 {} (or better, use password_command)",
                                file.native()));
  }
}

// What may be said by a url of its own as well as key by key.
Account from_url(Keys& keys, const std::vector<std::filesystem::path>& profiles) {
  const auto url = keys.text("url");
  if (!url) return {};
  // whether plain text is allowed is asked when the account is used, where --allow-plaintext is known
  auto account = parse_url(*url, profiles, true);
  if (!account) keys.refuse_key("url", "is no imaps://, imap://, pop3s:// or pop3:// address");
  return *account;
}

Account read_account(const std::string& name, const toml::table& table, const std::filesystem::path& file,
                     const std::vector<std::filesystem::path>& profiles) {
  Keys keys(table, file.native(), "accounts." + name);
  auto out = from_url(keys, profiles);
  out.nickname = name;
  const bool by_url = !out.host.empty();
  const auto profile_name = keys.text("profile");
  std::optional<Profile> profile;
  if (profile_name) {
    try {
      profile = load_profile(*profile_name, profiles);
    } catch (const Error& error) {
      if (error.cause != Cause::config || std::string_view(error.what()).starts_with('/')) throw;
      keys.refuse_key("profile", error.what());
    }
  }
  if (!by_url && profile && profile->protocol) out.protocol = *profile->protocol;
  if (const auto i = keys.choice("protocol", protocol_words)) out.protocol = static_cast<Protocol>(*i);
  if (const auto host = keys.text("host")) out.host = lower(*host);
  if (const auto port = keys.natural("port", 1, 65535)) out.port = static_cast<std::uint16_t>(*port);
  if (const auto user = keys.text("user")) out.user = *user;
  out.auth_user = keys.text("auth_user").value_or("");
  const auto security = keys.choice("tls", security_words);
  if (security) out.security = static_cast<Security>(*security);
  if (const auto i = keys.choice("auth", auth_words)) out.auth = static_cast<Auth>(*i);
  out.password_command = command(keys, "password_command");
  if (const auto password = keys.text("password")) {
    check_only_ours(file, keys);
    out.password = *password;
  }
  if (const auto ca = keys.text("ca")) out.ca_file = expand(*ca, file.parent_path());
  if (const auto print = keys.text("fingerprint")) {
    std::string digits;
    for (const char c : *print) {
      if (c != ':' && c != ' ') digits += c;
    }
    out.fingerprint = lower(digits);
    if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      keys.refuse_key("fingerprint", "is not the SHA-256 of a certificate (64 hex digits, colons allowed)");
    }
  }
  out.archive_as = keys.text("archive_as").value_or("");
  if (const auto n = keys.natural("connections", 1, 64)) out.connections = static_cast<unsigned>(*n);
  if (const auto n = keys.natural("pipeline", 1, 64)) out.pipeline = static_cast<unsigned>(*n);
  for (auto& [folder, role] : keys.map("roles")) out.roles.emplace(folder, role);
  for (auto& quirk : keys.texts("quirks")) out.quirks.push_back(quirk);
  keys.finish();

  if (profile) apply(*profile, out, security.has_value() || by_url);
  if (out.port == 0) out.port = usual_port(out.protocol, out.security);
  if (out.host.empty()) keys.refuse_key("host", "is missing, and the profile does not know it");
  if (out.user.empty()) keys.refuse_key("user", "is missing");
  return out;
}

ArchiveDef read_archive(const std::string& name, const toml::table& table,
                        const std::filesystem::path& file) {
  Keys keys(table, file.native(), "archives." + name);
  ArchiveDef out;
  out.name = name;
  const auto path = keys.text("path");
  if (!path || path->empty()) keys.refuse_key("path", "is missing");
  out.path = expand(*path, file.parent_path());
  static const std::vector<std::string> codecs{"zstd", "gzip"};
  if (const auto i = keys.choice("codec", codecs)) out.codec = codecs[*i];
  keys.finish();
  return out;
}

Job read_job(const std::string& name, const toml::table& table, const std::string& file) {
  Keys keys(table, file, "jobs." + name);
  Job out;
  out.name = name;
  out.from = keys.texts("from");
  if (out.from.empty()) keys.refuse_key("from", "is missing: an array of accounts");
  out.to = keys.text("to").value_or("");
  if (out.to.empty()) keys.refuse_key("to", "is missing: an archive or an account");
  out.folder = keys.texts("folder");
  out.exclude = keys.texts("exclude");
  out.map = keys.map("map");
  out.under = keys.text("under").value_or("");
  static const std::vector<std::string> rules{"merge", "add", "update", "never"}, deleted{"keep", "skip"};
  if (const auto i = keys.choice("flags", rules)) out.flags = rules[*i];
  if (const auto i = keys.choice("deleted", deleted)) out.deleted = deleted[*i];
  out.seen = keys.flag("seen").value_or(false);
  out.respect_deletions = keys.flag("respect_deletions").value_or(false);
  out.keep_all = keys.flag("keep_all").value_or(false);
  out.since = keys.text("since").value_or("");
  out.before = keys.text("before").value_or("");
  out.max_size = keys.text("max_size").value_or("");
  static const std::vector<std::string> after{"keep", "delete"};
  if (const auto i = keys.choice("after", after)) out.after = after[*i];
  if (const auto n = keys.natural("delete_after_days", 0, 36500))
    out.delete_after_days = static_cast<unsigned>(*n);
  if (const auto n = keys.natural("max_deletions", 0, 1u << 31))
    out.max_deletions = static_cast<unsigned>(*n);
  keys.finish();
  return out;
}

// An account and an archive of one name would make "from" and "to" ambiguous.
void check_names(const Config& config, const std::string& file) {
  for (const auto& [name, archive] : config.archives) {
    if (config.accounts.contains(name)) {
      refuse(fmt::format("{}: \"{}\" names both an account and an archive", file, printable(name, 60)));
    }
  }
}

}  // namespace

Config load_config(const std::filesystem::path& file, const std::vector<std::filesystem::path>& profiles) {
  const auto table = read_toml(file);
  Keys keys(table, file.native(), "");
  Config out;
  out.file = file;
  for (const auto& [name, inner] : keys.tables("accounts")) {
    out.accounts.emplace(name, read_account(name, *inner, file, profiles));
  }
  for (const auto& [name, inner] : keys.tables("archives")) {
    out.archives.emplace(name, read_archive(name, *inner, file));
  }
  for (const auto& [name, inner] : keys.tables("jobs"))
    out.jobs.emplace(name, read_job(name, *inner, file.native()));
  keys.finish();
  check_names(out, file.native());
  return out;
}

std::filesystem::path default_config_file() {
  if (const char* own = std::getenv("POSTFERRY_CONFIG"); own && *own) return own;
  const auto folder = config_home();
  return folder.empty() ? folder : folder / "postferry" / "config.toml";
}

}  // namespace postferry::config
