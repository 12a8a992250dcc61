#include "console.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::cli {
namespace {

constexpr std::size_t out_buffer = 64u << 10;

bool wants_color(When when) {
  if (when != When::automatic) return when == When::always;
  const char* no = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) && !(no && *no) && terminal && std::string_view(terminal) != "dumb";
}

std::string timestamp() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto seconds = floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

// Talk may lose its reader; nothing hangs on it.
void to_stderr(std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(STDERR_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace

Console::Console(const Options& options)
    : json_(options.json),
      quiet_(options.quiet),
      color_(wants_color(options.color)),
      verbose_(options.verbose) {
  progress_ = !quiet_ && ::isatty(STDERR_FILENO);
  live_ = ::isatty(STDOUT_FILENO) || json_;
  if (options.log_file.empty()) return;
  const int file = ::open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  log_ = file < 0 ? nullptr : ::fdopen(file, "a");
  if (!log_) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("{}: {}", printable(options.log_file), std::strerror(errno)));
  }
}

Console::~Console() {
  if (log_) std::fclose(log_);
}

void Console::line(std::string_view text) {
  std::unique_lock lock(mutex_);
  out_.append(text);
  out_ += '\n';
  if (live_ || out_.size() >= out_buffer) write_out();
}

void Console::bytes(Bytes data) {
  std::unique_lock lock(mutex_);
  out_.append(as_text(data));
  if (out_.size() >= out_buffer) write_out();
}

void Console::json(const codec::Json& object) {
  if (json_) line(object.dump());
}

void Console::flush() {
  std::unique_lock lock(mutex_);
  write_out();
}

void Console::write_out() {
  if (gone_) {
    out_.clear();
    return;
  }
  const auto text = std::exchange(out_, {});
  // a progress line shares the terminal with what is written now
  if (!status_.empty() && !text.empty() && ::isatty(STDOUT_FILENO)) to_stderr("\r\033[K"), status_.clear();
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto done = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (done >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(done));
      continue;
    }
    if (errno == EINTR) continue;
    gone_ = true;
    if (errno == EPIPE) {
      if (keep_going_) return;
      throw ReaderGone();
    }
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("standard output: {}", std::strerror(errno)));
  }
}

std::string Console::colored(const char* code, std::string_view text) const {
  return color_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

void Console::talk(std::string_view text) {
  to_stderr(fmt::format("{}{}\n{}", status_.empty() ? "" : "\r\033[K", text, status_));
}

void Console::said(std::string_view text) {
  std::unique_lock lock(mutex_);
  log("info", text);
  if (!quiet_) talk(text);
}

void Console::detail(std::string_view text) {
  std::unique_lock lock(mutex_);
  log("debug", text);
  if (verbose_ > 0) talk(text);
}

void Console::warn(std::string_view text) {
  std::unique_lock lock(mutex_);
  log("warn", text);
  if (!quiet_) talk(fmt::format("postferry: {} {}", colored("33", "warning:"), text));
}

void Console::error(std::string_view text) {
  std::unique_lock lock(mutex_);
  log("error", text);
  talk(fmt::format("postferry: {}", color_ ? colored("31", text) : std::string(text)));
}

void Console::note_in_log(std::string_view level, std::string_view text) {
  std::unique_lock lock(mutex_);
  log(level, text);
}

void Console::log(std::string_view level, std::string_view text) {
  if (!log_) return;
  fmt::print(log_, "{} {} {}\n", timestamp(), level, text);
  std::fflush(log_);
}

void Console::status(const std::string& text) {
  std::unique_lock lock(mutex_);
  if (!progress_ || text == status_) return;
  to_stderr("\r\033[K" + text);
  status_ = text;
}

std::size_t Console::width() const {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace postferry::cli
