#include <atomic>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <postferry/base/error.h>

#include "secrets.h"

namespace postferry::cli {
namespace {

// The terminal a prompt has silenced, for restore_terminal(): -1 if none.
std::atomic<int> silenced{-1};
termios before_silence;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

class Silence {
 public:
  explicit Silence(int terminal) {
    if (::tcgetattr(terminal, &before_silence) != 0) return;
    silenced = terminal;
    termios quiet = before_silence;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal, TCSAFLUSH, &quiet);
  }
  ~Silence() { restore_terminal(); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

std::string ask(const std::string& prompt, std::stop_token stop) {
  Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC));
  if (terminal.get() < 0 || wake.get() < 0) {
    throw Error(Cause::config, Blast::run, Retry::never, "no password, and no terminal to ask on");
  }
  std::stop_callback on_stop(stop, [&] { ::eventfd_write(wake.get(), 1); });
  Silence silence(terminal.get());
  if (::write(terminal.get(), prompt.data(), prompt.size()) < 0) {
    throw Error(Cause::config, Blast::run, Retry::never,
                std::string("the terminal: ") + std::strerror(errno));
  }
  std::string out;
  for (;;) {
    pollfd either[2] = {{terminal.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    if (::poll(either, 2, -1) < 0 && errno != EINTR) break;
    if (stop.stop_requested()) throw Cancelled();
    if (!(either[0].revents & (POLLIN | POLLHUP))) continue;
    char c = 0;
    const auto got = ::read(terminal.get(), &c, 1);
    if (got <= 0 || c == '\n') break;
    out += c;
  }
  if (::write(terminal.get(), "\n", 1) < 0) return out;
  if (out.empty()) throw Error(Cause::config, Blast::run, Retry::never, "no password was typed");
  return out;
}

}  // namespace

void restore_terminal() noexcept {
  const int terminal = silenced.exchange(-1);
  if (terminal >= 0) ::tcsetattr(terminal, TCSAFLUSH, &before_silence);
}

std::function<std::string(const std::string&)> terminal_prompt(std::stop_token stop) {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) return {};
  return [stop](const std::string& prompt) { return ask(prompt, stop); };
}

}  // namespace postferry::cli
