#include "secrets.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

extern char** environ;

namespace postferry::cli {
namespace {

constexpr const char* shared_name = "POSTFERRY_PASSWORD";
constexpr const char* from_name = "POSTFERRY_FROM_PASSWORD";
constexpr const char* to_name = "POSTFERRY_TO_PASSWORD";
constexpr std::chrono::minutes token_age{1};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

std::map<std::string, std::string> take_passwords_from_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view line(*entry);
    const auto name = line.substr(0, line.find('='));
    if (!name.starts_with("POSTFERRY_") || name.find("PASSWORD") == std::string_view::npos) continue;
    out.emplace(name, line.size() > name.size() ? line.substr(name.size() + 1) : "");
  }
  for (const auto& [name, value] : out) ::unsetenv(name.c_str());
  return out;
}

struct Secrets::State {
  enum class Kind { command, file, numbered, from, to, shared, credential, prompt, none };
  struct One {
    config::Account account;
    Kind kind = Kind::none;
    std::vector<std::string> command;
    std::filesystem::path credential;
    std::optional<std::string> known;
    std::chrono::steady_clock::time_point since;
  };

  std::vector<One> all;
  std::size_t from_count = 0;  // the account behind them is where the mail goes to
  Surroundings around;
  std::mutex mutex;  // over `known` of all; held while a command runs or a person types: one at a time

  std::string numbered(std::size_t index) const { return fmt::format("{}_{}", from_name, index + 1); }
  const std::string* variable(const std::string& name) const {
    const auto hit = around.environment.find(name);
    return hit == around.environment.end() || hit->second.empty() ? nullptr : &hit->second;
  }

  Kind own_source(One& one, std::size_t index) const;
  std::filesystem::path credential_of(const config::Account& account) const;
  std::string fetch(One& one, std::size_t index) const;
};

// systemd's LoadCredential: a file by the account's nickname, else by its id.
std::filesystem::path Secrets::State::credential_of(const config::Account& account) const {
  if (around.credentials_folder.empty()) return {};
  for (const auto& name : {account.nickname, account.id()}) {
    if (name.empty() || name.find('/') != std::string::npos) continue;
    const auto file = std::filesystem::path(around.credentials_folder) / ("postferry." + name);
    std::error_code ignored;  // not there: the next source is asked
    if (std::filesystem::is_regular_file(file, ignored)) return file;
  }
  return {};
}

// Everything but POSTFERRY_PASSWORD, which is nobody's own.
Secrets::State::Kind Secrets::State::own_source(One& one, std::size_t index) const {
  const bool is_to = index >= from_count;
  const auto& commands = is_to ? around.to_commands : around.commands;
  if (const auto place = is_to ? index - from_count : index; place < commands.size()) {
    one.command = {"/bin/sh", "-c", commands[place]};
    return Kind::command;
  }
  if (!one.account.password_command.empty()) {
    one.command = one.account.password_command;
    return Kind::command;
  }
  if (!one.account.password.empty()) return Kind::file;
  if (is_to) {
    if (variable(to_name)) return Kind::to;
  } else {
    if (variable(numbered(index))) return Kind::numbered;
    if (from_count == 1 && variable(from_name)) return Kind::from;
  }
  one.credential = credential_of(one.account);
  return one.credential.empty() ? Kind::none : Kind::credential;
}

Secrets::Secrets(std::vector<config::Account> accounts, Surroundings around, std::optional<config::Account> to)
    : state_(std::make_unique<State>()) {
  state_->around = std::move(around);
  auto& s = *state_;
  if (s.around.commands.size() > accounts.size()) {
    refuse(fmt::format("--password-command is given {} times, but there {} only {}", s.around.commands.size(),
                       accounts.size() == 1 ? "is" : "are",
                       accounts.size() == 1 ? "one account" : "fewer accounts"));
  }
  if (s.around.to_commands.size() > 1) refuse("--to-password-command is given several times, but mail goes to one account");
  s.from_count = accounts.size();
  for (auto& account : accounts) s.all.emplace_back().account = std::move(account);
  if (to) s.all.emplace_back().account = std::move(*to);
  std::vector<std::size_t> without, with_credential;
  for (std::size_t i = 0; i < s.all.size(); ++i) {
    s.all[i].kind = s.own_source(s.all[i], i);
    if (s.all[i].kind == State::Kind::none) without.push_back(i);
    if (s.all[i].kind == State::Kind::credential) with_credential.push_back(i);
  }
  // The variable must not go to a second host: with several takers it is offered to none of them. It comes
  // before the credentials folder, where that is the only other source there is.
  if (s.variable(shared_name)) {
    const auto& takers = without.empty() ? with_credential : without;
    if (takers.size() == 1) s.all[takers.front()].kind = State::Kind::shared;
  }
  for (const auto index : without) {
    auto& kind = s.all[index].kind;
    if (kind == State::Kind::none && s.around.ask) kind = State::Kind::prompt;
  }
}

Secrets::~Secrets() = default;

std::string Secrets::State::fetch(One& one, std::size_t index) const {
  const auto name = printable(one.account.nickname.empty() ? one.account.url() : one.account.nickname, 120);
  switch (one.kind) {
    case Kind::command:
      try {
        return config::run_password_command(one.command);
      } catch (const Error& error) {
        refuse(fmt::format("{}: {}", name, error.what()));
      }
    case Kind::file:
      return one.account.password;
    case Kind::numbered:
      return *variable(numbered(index));
    case Kind::from:
      return *variable(from_name);
    case Kind::to:
      return *variable(to_name);
    case Kind::shared:
      return *variable(shared_name);
    case Kind::credential: {
      const auto secret = first_line(read_text_file(one.credential, 64u << 10));
      if (secret.empty()) refuse(fmt::format("{}: {} is empty", name, one.credential.native()));
      return secret;
    }
    case Kind::prompt:
      return around.ask(fmt::format("Password for {}: ", name));
    case Kind::none:
      break;
  }
  if (variable(shared_name)) {
    refuse(fmt::format(
        "{}: no password; {} is offered to nobody, for more than one account lacks a password (use "
        "POSTFERRY_FROM_PASSWORD, POSTFERRY_TO_PASSWORD, for several sources POSTFERRY_FROM_PASSWORD_1, _2 ...)",
        name, shared_name));
  }
  refuse(
      fmt::format("{}: no password; give --password-command, {}, or a password_command in the configuration",
                  name, shared_name));
}

std::string Secrets::reveal(std::size_t index) {
  std::unique_lock lock(state_->mutex);
  auto& one = state_->all.at(index);
  const auto now = std::chrono::steady_clock::now();
  const bool ages = one.kind == State::Kind::command && one.account.auth == config::Auth::xoauth2;
  if (!one.known || (ages && now - one.since > token_age)) {
    one.known = state_->fetch(one, index);
    one.since = now;
  }
  return *one.known;
}

std::string Secrets::source(std::size_t index) const {
  switch (state_->all.at(index).kind) {
    case State::Kind::command:
      return "password_command";
    case State::Kind::file:
      return "password";
    case State::Kind::numbered:
      return state_->numbered(index);
    case State::Kind::from:
      return from_name;
    case State::Kind::to:
      return to_name;
    case State::Kind::shared:
      return shared_name;
    case State::Kind::credential:
      return "credential";
    case State::Kind::prompt:
      return "prompt";
    case State::Kind::none:
      break;
  }
  return "none";
}

}  // namespace postferry::cli
