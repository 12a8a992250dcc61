#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>

#include <arpa/inet.h>

#include <postferry/config/config.h>

#include "profile.h"
#include "where.h"

namespace postferry::config {
namespace {

std::string host_and_port(const Account& account) {
  auto out = account.host.find(':') == std::string::npos ? account.host : "[" + account.host + "]";
  const bool standard = account.port == 0 || account.port == usual_port(account.protocol, Security::tls) ||
                        account.port == usual_port(account.protocol, Security::starttls);
  return standard ? out : fmt::format("{}:{}", out, account.port);
}

std::string percent_encoded(const std::string& user) {
  std::string out;
  for (const char c : user) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("-._~+").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace

std::string Account::id() const {
  if (!archive_as.empty()) return archive_as;
  return fmt::format("{}:{}@{}", protocol_words[static_cast<std::size_t>(protocol)], user,
                     host_and_port(*this));
}

std::string Account::url() const {
  const auto& word = protocol_words[static_cast<std::size_t>(protocol)];
  auto where = host_and_port(*this);
  // a standard port that is not the scheme's own must be said, or the address would mean another
  if (port != 0 && port != usual_port(protocol, security) &&
      where.find(fmt::format(":{}", port)) == std::string::npos) {
    where += fmt::format(":{}", port);
  }
  return fmt::format("{}{}://{}@{}{}", word, security == Security::tls ? "s" : "", percent_encoded(user),
                     where, security == Security::none ? "?tls=off" : "");
}

std::filesystem::path home() {
  const char* value = std::getenv("HOME");
  return value ? value : "";
}

std::filesystem::path config_home() {
  const char* value = std::getenv("XDG_CONFIG_HOME");
  if (value && *value == '/') return value;  // the specification ignores relative ones
  return home().empty() ? std::filesystem::path() : home() / ".config";
}

std::filesystem::path expand(const std::string& path, const std::filesystem::path& base) {
  if (path == "~") return home();
  if (path.starts_with("~/")) return home() / path.substr(2);
  const std::filesystem::path given(path);
  return given.is_absolute() ? given : base / given;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace postferry::config
