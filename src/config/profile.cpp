#include "profile.h"

#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "keys.h"
#include "where.h"

namespace postferry::config {

const std::vector<std::string> protocol_words{"imap", "pop3"};
const std::vector<std::string> security_words{"on", "starttls", "off"};
const std::vector<std::string> auth_words{"auto", "password", "xoauth2"};

namespace {

const std::vector<std::string> role_words{"inbox", "sent",    "drafts",  "trash",
                                          "junk",  "archive", "flagged", "all"};

Profile read_profile(const std::string& name, const std::filesystem::path& file) {
  const auto table = read_toml(file);
  Keys keys(table, file.native(), "");
  Profile out;
  out.name = name;
  out.title = keys.text("title").value_or(name);
  out.source = keys.text("source").value_or("");
  if (const auto i = keys.choice("protocol", protocol_words)) out.protocol = static_cast<Protocol>(*i);
  out.imap_host = lower(keys.text("imap_host").value_or(""));
  out.pop3_host = lower(keys.text("pop3_host").value_or(""));
  if (const auto port = keys.natural("port", 1, 65535)) out.port = static_cast<std::uint16_t>(*port);
  if (const auto i = keys.choice("tls", security_words)) out.security = static_cast<Security>(*i);
  if (const auto i = keys.choice("auth", auth_words)) out.auth = static_cast<Auth>(*i);
  if (const auto n = keys.natural("connections", 1, 64)) out.connections = static_cast<unsigned>(*n);
  if (const auto n = keys.natural("pipeline", 1, 64)) out.pipeline = static_cast<unsigned>(*n);
  out.roles = keys.map("roles");
  for (const auto& [folder, role] : out.roles) {
    bool known = false;
    for (const auto& word : role_words) known = known || word == role;
    if (!known) keys.refuse_key("roles", fmt::format("\"{}\" is no role of a folder", printable(role, 60)));
  }
  out.advice = keys.text("advice").value_or("");
  out.quirks = keys.texts("quirks");
  out.daily_bytes_down = keys.natural("daily_bytes_down", 1, 1ull << 50);
  out.daily_bytes_up = keys.natural("daily_bytes_up", 1, 1ull << 50);
  keys.finish();
  return out;
}

std::vector<std::string> names_of(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> out;
  for (const auto& folder : folders) {
    std::error_code ignored;  // a folder that is not there holds no profiles
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".toml") out.push_back(entry.path().stem().native());
    }
  }
  return out;
}

}  // namespace

std::vector<std::filesystem::path> profile_folders() {
  std::vector<std::filesystem::path> out;
  if (const auto own = config_home(); !own.empty()) out.push_back(own / "postferry" / "profiles");
  out.emplace_back(POSTFERRY_PROFILES_INSTALLED);
  // a relocated installation: share/ beside the folder of the binary
  std::error_code unknown;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) out.push_back(binary.parent_path().parent_path() / "share" / "postferry" / "profiles");
  out.emplace_back(POSTFERRY_PROFILES_SOURCE);
  return out;
}

Profile load_profile(const std::string& name, const std::vector<std::filesystem::path>& folders) {
  const bool harmless = !name.empty() && name.find('/') == std::string::npos && name.front() != '.';
  if (harmless) {
    for (const auto& folder : folders) {
      const auto file = folder / (name + ".toml");
      std::error_code ignored;  // not there, or not for us: look in the next folder
      if (std::filesystem::is_regular_file(file, ignored)) return read_profile(name, file);
    }
  }
  const auto near = nearest(name, names_of(folders));
  refuse(fmt::format("no provider profile is named \"{}\"{}", printable(name, 60),
                     near ? fmt::format("; did you mean {}?", *near) : ""));
}

std::uint16_t usual_port(Protocol protocol, Security security) {
  if (protocol == Protocol::imap) return security == Security::tls ? 993 : 143;
  return security == Security::tls ? 995 : 110;
}

void apply(const Profile& profile, Account& account, bool security_given) {
  account.profile = profile.name;
  const bool usual_protocol = !profile.protocol || *profile.protocol == account.protocol;
  if (account.host.empty())
    account.host = account.protocol == Protocol::imap ? profile.imap_host : profile.pop3_host;
  if (!security_given && profile.security && usual_protocol) account.security = *profile.security;
  if (account.port == 0 && profile.port && usual_protocol && !security_given) account.port = *profile.port;
  if (account.auth == Auth::automatic) account.auth = profile.auth;
  if (!account.connections) account.connections = profile.connections;
  if (!account.pipeline) account.pipeline = profile.pipeline;
  for (const auto& [folder, role] : profile.roles) account.roles.emplace(folder, role);
  account.quirks.insert(account.quirks.end(), profile.quirks.begin(), profile.quirks.end());
  if (account.advice.empty()) account.advice = profile.advice;
  account.daily_bytes_down = profile.daily_bytes_down;
  account.daily_bytes_up = profile.daily_bytes_up;
}

}  // namespace postferry::config
