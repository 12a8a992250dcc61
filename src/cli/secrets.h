#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/config/config.h>

namespace postferry::cli {

// The POSTFERRY_* passwords of our environment, taken out of it, so that no child and no /proc/self/environ
// that is read later shows them.
std::map<std::string, std::string> take_passwords_from_environment();

// Where the secret of each of several accounts comes from (the manual page has the order). Made once for a
// command, so that "exactly one endpoint needs it" can be asked of all of them. A secret belongs to its
// account, and so to its host; it is never offered to another one.
class Secrets {
 public:
  struct Surroundings {
    std::vector<std::string> commands;               // --password-command, in the order of the accounts
    std::map<std::string, std::string> environment;  // POSTFERRY_...
    std::string credentials_folder;                  // $CREDENTIALS_DIRECTORY, may be empty
    std::function<std::string(const std::string& prompt)> ask;  // empty: there is no terminal
    std::vector<std::string> to_commands{};                     // --to-password-command
  };

  // Error{config} for more commands than accounts. `to`: the account that mail goes to, if it goes to one; it
  // stands behind the others, and POSTFERRY_TO_PASSWORD is its own.
  Secrets(std::vector<config::Account> accounts, Surroundings around, std::optional<config::Account> to = {});
  ~Secrets();

  // The secret of the n-th account; kept, but a command that gives tokens (xoauth2) is run again after a
  // minute. Error{config} where there is none, or a command fails. Any thread.
  std::string reveal(std::size_t index);
  // Which source it is: "password_command", "POSTFERRY_PASSWORD"..., "prompt" or "none"; for messages and
  // tests.
  std::string source(std::size_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Asks on the terminal without echo. Empty function if there is none. Cancelled when `stop` is requested.
std::function<std::string(const std::string&)> terminal_prompt(std::stop_token stop);
// Echo on again, if a prompt has it off: for the way out that runs no destructors.
void restore_terminal() noexcept;

}  // namespace postferry::cli
