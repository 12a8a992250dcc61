#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/config/config.h>

#include "keys.h"
#include "profile.h"
#include "where.h"

namespace postferry::config {
namespace {

// An address in an error sentence, without whatever may be a secret in it.
struct Address {
  std::string shown;
  [[noreturn]] void refuse(const std::string& what) const { config::refuse(shown + ": " + what); }
};

std::string decoded(std::string_view text, const Address& address, std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = i + 3 <= text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte)
      address.refuse(
          fmt::format("the {} has a % that two hex digits do not follow (write a % as %25)", part));
    out += static_cast<char>(byte->front());
    i += 2;
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(out.begin(), out.end(), control)) {
    address.refuse(fmt::format("the {} contains a control character", part));
  }
  return out;
}

struct Parts {
  std::string_view userinfo, host, port, query;
  bool has_port = false;
};

Parts split(std::string_view rest, const Address& address) {
  Parts out;
  if (rest.find('#') != std::string_view::npos) address.refuse("a # has no meaning here (write it as %23)");
  if (const auto at = rest.find('?'); at != std::string_view::npos) {
    out.query = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    out.userinfo = rest.substr(0, at);
    rest = rest.substr(at + 1);
  }
  if (const auto at = rest.find('/'); at != std::string_view::npos) {
    if (at + 1 != rest.size()) address.refuse("an address names no folder; choose folders with --folder");
    rest = rest.substr(0, at);
  }
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) address.refuse("the [ of an IPv6 address has no ]");
    out.host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
    if (!rest.empty() && rest.front() != ':')
      address.refuse("only a :port may follow the ] of an IPv6 address");
    out.has_port = !rest.empty();
    out.port = rest.empty() ? rest : rest.substr(1);
    if (out.host.find(':') == std::string_view::npos) address.refuse("what stands in [ ] is no IPv6 address");
    return out;
  }
  const auto colon = rest.find(':');
  out.host = rest.substr(0, colon);
  if (colon == std::string_view::npos) return out;
  out.has_port = true;
  out.port = rest.substr(colon + 1);
  if (out.port.find(':') != std::string_view::npos) address.refuse("an IPv6 address is written in [ ]");
  return out;
}

void check_host(const std::string& host, const Address& address) {
  if (host.empty()) address.refuse("the host is missing");
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
  };
  if (!std::all_of(host.begin(), host.end(), plain)) {
    address.refuse(
        "the host has a character that no host name has (international names are written as xn--...)");
  }
}

std::string fingerprint(std::string_view text, const Address& address) {
  std::string out;
  for (const char c : text) {
    if (c != ':' && c != ' ') out += c;
  }
  out = lower(out);
  if (out.size() != 64 || !from_hex(out)) {
    address.refuse("fingerprint is not the SHA-256 of a certificate (64 hex digits, colons allowed)");
  }
  return out;
}

std::size_t word_index(const std::vector<std::string>& words, const std::string& value, std::string_view key,
                       const Address& address) {
  const auto hit = std::find(words.begin(), words.end(), value);
  if (hit != words.end()) return static_cast<std::size_t>(hit - words.begin());
  address.refuse(fmt::format("{}={} is none of {}", key, printable(value, 60), fmt::join(words, ", ")));
}

// `scheme_security`: what the scheme stands for; a contradiction is refused rather than guessed at.
void apply_tls(const std::string& value, Account& account, bool allow_plaintext, const Address& address) {
  const auto wanted = static_cast<Security>(word_index(security_words, value, "tls", address));
  if (account.security == Security::tls && wanted != Security::tls) {
    address.refuse(fmt::format("this address means TLS from the first byte; tls={} goes with {}://", value,
                               protocol_words[static_cast<std::size_t>(account.protocol)]));
  }
  if (account.security == Security::starttls && wanted == Security::tls) {
    address.refuse(fmt::format("TLS from the first byte is written {}s://",
                               protocol_words[static_cast<std::size_t>(account.protocol)]));
  }
  if (wanted == Security::none && !is_loopback(account.host) && !allow_plaintext) {
    address.refuse(
        "tls=off would send the password readable to everyone on the way; it needs --allow-plaintext");
  }
  account.security = wanted;
}

void apply_query(std::string_view query, Account& account, std::string& profile, bool allow_plaintext,
                 const Address& address) {
  static const std::vector<std::string> known{"ca", "fingerprint", "profile", "tls", "auth"};
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto item = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = item.find('=');
    const auto key = std::string(item.substr(0, equals));
    const auto value = equals == std::string_view::npos
                           ? std::string()
                           : decoded(item.substr(equals + 1), address, "value of " + key);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      if (key == "password" || key == "pass") {
        address.refuse("a password has no place in an address, where process lists and logs would show it");
      }
      const auto near = nearest(key, known);
      address.refuse(fmt::format("unknown key ?{}={}", printable(key, 40),
                                 near ? fmt::format("; did you mean {}?", *near)
                                      : fmt::format("; there are {}", fmt::join(known, ", "))));
    }
    if (value.empty()) address.refuse(fmt::format("?{}= has no value", key));
    if (key == "ca") account.ca_file = value;
    if (key == "fingerprint") account.fingerprint = fingerprint(value, address);
    if (key == "profile") profile = value;
    if (key == "tls") apply_tls(value, account, allow_plaintext, address);
    if (key == "auth") account.auth = static_cast<Auth>(word_index(auth_words, value, "auth", address));
  }
}

std::optional<Account> scheme_of(const std::string& text, std::string_view& rest) {
  static const std::array<std::tuple<std::string_view, Protocol, Security>, 4> schemes{{
      {"imaps://", Protocol::imap, Security::tls},
      {"imap://", Protocol::imap, Security::starttls},
      {"pop3s://", Protocol::pop3, Security::tls},
      {"pop3://", Protocol::pop3, Security::starttls},
  }};
  const auto small = lower(text);
  for (const auto& [scheme, protocol, security] : schemes) {
    if (!small.starts_with(scheme)) continue;
    Account out;
    out.protocol = protocol;
    out.security = security;
    rest = std::string_view(text).substr(scheme.size());
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Account> parse_url(const std::string& text, const std::vector<std::filesystem::path>& profiles,
                                 bool allow_plaintext) {
  std::string_view rest;
  auto account = scheme_of(text, rest);
  if (!account) return std::nullopt;

  // nothing of the address is shown before we know that no password stands in it
  const auto scheme = text.substr(0, text.size() - rest.size());
  const auto parts = split(rest, Address{scheme + "..."});
  Address address{scheme + "...@" + printable(parts.host, 80)};
  if (parts.userinfo.find(':') != std::string_view::npos) {
    address.refuse(
        "a password has no place in an address, where process lists and logs would show it; use "
        "--password-command, POSTFERRY_PASSWORD or the configuration (a : in the user is written %3A)");
  }
  account->user = decoded(parts.userinfo, address, "user");
  if (account->user.empty()) address.refuse("whose mailbox? Write the user before the host, user@host");
  address.shown = scheme + printable(parts.userinfo, 120) + "@" + printable(parts.host, 80);

  account->host = lower(parts.host);
  check_host(account->host, address);
  if (parts.has_port) {
    const auto port = parse_number(parts.port);
    if (!port || *port < 1 || *port > 65535) {
      address.refuse(fmt::format("\"{}\" is no port", printable(parts.port, 20)));
    }
    account->port = static_cast<std::uint16_t>(*port);
  }
  std::string profile;
  apply_query(parts.query, *account, profile, allow_plaintext, address);
  if (!profile.empty()) apply(load_profile(profile, profiles), *account, true);
  if (account->port == 0) account->port = usual_port(account->protocol, account->security);
  return account;
}

}  // namespace postferry::config
