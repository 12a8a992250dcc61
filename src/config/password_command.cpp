#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/config/config.h>

#include "keys.h"

extern char** environ;

namespace postferry::config {
namespace {

constexpr std::size_t longest_secret = 64u << 10;  // an OAuth token has a few KiB

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// What the child may know of our environment: everything but our own words, for they may be secrets of
// another account.
std::vector<char*> environment_without_ours() {
  std::vector<char*> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    if (!std::string_view(*entry).starts_with("POSTFERRY_")) out.push_back(*entry);
  }
  out.push_back(nullptr);
  return out;
}

// Runs with default signal handling and nothing blocked: our own threads block SIGINT and SIGTERM, and a
// child that inherited that could not be interrupted.
pid_t spawn(const std::vector<std::string>& argv, int out, int& problem) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&defaults, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);

  std::vector<std::string> copy(argv);
  std::vector<char*> arguments;
  for (auto& word : copy) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  auto variables = environment_without_ours();
  pid_t child = -1;
  problem =
      posix_spawnp(&child, arguments.front(), &actions, &attributes, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return child;
}

std::string read_all(int descriptor) {
  std::string out;
  char buffer[4096];
  for (;;) {
    const auto got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return out;
    // the rest is read and dropped, so that the command does not die of a closed pipe
    if (out.size() < longest_secret) out.append(buffer, static_cast<std::size_t>(got));
  }
}

// A child waits for the terminal or for its own time; Ctrl-C reaches it as it reaches us.
int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string run_password_command(const std::vector<std::string>& argv) {
  if (argv.empty() || argv.front().empty()) refuse("password_command is empty");
  // Only the program is named in an error: an argument might be a secret all the same.
  const bool shell = argv.size() == 3 && argv[0] == "/bin/sh" && argv[1] == "-c";
  const auto name = shell ? std::string("the shell command") : printable(argv.front(), 120);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("password_command: {}", std::strerror(errno)));
  }
  Descriptor from_child(ends[0]), to_parent(ends[1]);
  int problem = 0;
  const auto child = spawn(argv, to_parent.get(), problem);
  to_parent.close();
  if (problem != 0) refuse(fmt::format("password_command: {}: {}", name, std::strerror(problem)));

  const auto output = read_all(from_child.get());
  const int status = wait_for(child);
  if (WIFSIGNALED(status)) {
    refuse(fmt::format("password_command: {} was ended by signal {}", name, WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    refuse(fmt::format("password_command: {} failed with exit status {}", name, WEXITSTATUS(status)));
  }
  auto line = output.substr(0, output.find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty())
    refuse(fmt::format("password_command: {} printed no password (its first line is empty)", name));
  return line;
}

}  // namespace postferry::config
