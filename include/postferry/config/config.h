#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postferry::config {

enum class Protocol { imap, pop3 };
enum class Security { tls, starttls, none };  // none: loopback, or --allow-plaintext
enum class Auth { automatic, password, xoauth2 };

// Facts about a provider: profiles/*.toml, data only.
struct Profile {
  std::string name, title, source;  // source: where the facts are from
  std::optional<Protocol> protocol;
  std::string imap_host, pop3_host;
  std::optional<std::uint16_t> port;
  std::optional<Security> security;
  Auth auth = Auth::automatic;
  std::optional<unsigned> connections;
  std::optional<unsigned> pipeline;              // commands in flight; 1 for servers that cannot
  std::map<std::string, std::string> roles;      // wire name → role word, where the server does not say
  std::string advice;                            // shown when the sign-in fails
  std::vector<std::string> quirks;               // named switches, each known to the module it is for
  std::optional<std::uint64_t> daily_bytes_down, daily_bytes_up;
};

// One endpoint, profile already applied; from the configuration or from a URL.
struct Account {
  std::string nickname;  // name in the configuration; empty for a URL
  Protocol protocol = Protocol::imap;
  Security security = Security::tls;
  std::string host;      // lower case
  std::uint16_t port = 0;
  std::string user;
  std::string auth_user;  // an administrator signing in on the user's behalf
  Auth auth = Auth::automatic;
  std::vector<std::string> password_command;
  std::string password;   // only from a file nobody else can read; discouraged
  std::string ca_file, fingerprint, profile, advice;
  std::string archive_as;  // pinned account id
  std::optional<unsigned> connections, pipeline;
  std::map<std::string, std::string> roles;
  std::vector<std::string> quirks;
  std::optional<std::uint64_t> daily_bytes_down, daily_bytes_up;  // the profile's

  // "imap:user@host", port only if not the protocol's standard one (143 and 993 both are), or archive_as.
  std::string id() const;
  std::string url() const;  // for people; no secret is in it
};

struct ArchiveDef {
  std::string name;
  std::filesystem::path path;
  std::string codec;  // "zstd", "gzip" or empty
};

struct Job {
  std::string name;
  std::vector<std::string> from;  // account names or URLs
  std::string to;                 // archive or account name, path or URL
  std::vector<std::string> folder, exclude;
  std::map<std::string, std::string> map;
  std::string under, flags, deleted;  // flags: merge, add, update, never or empty; deleted: keep, skip or empty
  bool seen = false, respect_deletions = false, keep_all = false;
  std::string since, before, max_size;
  std::string after = "keep";     // or "delete"
  std::optional<unsigned> delete_after_days, max_deletions;
};

struct Config {
  std::filesystem::path file;  // empty: there is none
  std::map<std::string, Account> accounts;
  std::map<std::string, ArchiveDef> archives;
  std::map<std::string, Job> jobs;
};

// Where profiles are looked for, first hit wins: the user's own folder, then the installed one, then the source tree's.
std::vector<std::filesystem::path> profile_folders();
// Error{config, run, never}: "FILE:LINE:COLUMN: what; did you mean ...".
Profile load_profile(const std::string& name, const std::vector<std::filesystem::path>& folders);
Config load_config(const std::filesystem::path& file, const std::vector<std::filesystem::path>& profiles);
std::filesystem::path default_config_file();  // $POSTFERRY_CONFIG, $XDG_CONFIG_HOME/postferry/config.toml, ~/.config/...

// imaps://user@host[:port]?ca=&fingerprint=&profile=&tls=off ... (cli.md). Nothing if `text` is no such URL at all;
// Error{config} for one that is wrong, and for a password inside. `allow_plaintext`: tls=off beyond loopback.
std::optional<Account> parse_url(const std::string& text, const std::vector<std::filesystem::path>& profiles,
                                 bool allow_plaintext);

// Runs argv (no shell) and returns the first line of its stdout; stderr and the terminal are passed through.
// POSTFERRY_* is taken out of its environment. Error{config} if it fails or says nothing.
std::string run_password_command(const std::vector<std::string>& argv);

}  // namespace postferry::config
