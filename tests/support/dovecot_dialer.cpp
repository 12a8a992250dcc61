#include "support/dovecot_dialer.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include <postferry/base/error.h>

namespace postferry::test {
namespace {

// The nearest to a socket: one descriptor, both ways. Ends the process behind it.
class ProcessStream final : public net::Stream {
 public:
  ProcessStream(int descriptor, pid_t process) : descriptor_(descriptor), process_(process) {}

  // Takes the greeting and gives out another one instead.
  void greet_with(const std::string& greeting) {
    std::byte next{};
    while (next != std::byte{'\n'}) {
      if (::recv(descriptor_, &next, 1, 0) != 1) lost("waiting for the greeting");
    }
    greeting_ = greeting;
  }

  ~ProcessStream() override {
    ::close(descriptor_);  // EOF is how its session ends
    ::waitpid(process_, nullptr, 0);
  }

  std::size_t read(std::span<std::byte> into) override {
    if (!greeting_.empty()) {
      const auto part = std::min(into.size(), greeting_.size());
      std::memcpy(into.data(), greeting_.data(), part);
      greeting_.erase(0, part);
      return part;
    }
    for (;;) {
      const auto got = ::recv(descriptor_, into.data(), into.size(), 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) lost("reading");
    }
  }
  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) lost("writing");
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  void flush() override {}
  void start_tls(const net::TlsPolicy&) override { throw std::logic_error("no TLS to a process"); }
  bool is_secure() const override { return true; }
  void abort() noexcept override { ::shutdown(descriptor_, SHUT_RDWR); }

 private:
  [[noreturn]] static void lost(const char* doing) {
    throw Error(Cause::network, Blast::session, Retry::now,
                fmt::format("{}: {}", doing, std::strerror(errno)));
  }

  const int descriptor_;
  const pid_t process_;
  std::string greeting_;
};

std::filesystem::path temporary_folder() {
  auto name = (std::filesystem::temp_directory_path() / "postferry-dovecot-XXXXXX").native();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

constexpr const char* config_text = R"(log_path = /dev/stderr
ssl = no
mail_uid = {1}
mail_gid = {2}
first_valid_uid = 1
first_valid_gid = 1
mail_home = {0}/home
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = /
}}
{3}
)";

}  // namespace

DovecotDialer::DovecotDialer(const std::string& more_config, std::string capabilities)
    : folder_(temporary_folder()),
      capabilities_(std::move(capabilities)),
      user_(::geteuid()),
      group_(::getegid()) {
  if (user_ == 0) {
    const auto* mail = ::getpwnam("mail");
    if (mail == nullptr) throw std::runtime_error("no user \"mail\"");
    user_ = mail->pw_uid, group_ = mail->pw_gid;
  }
  const auto home = folder_ / "home";
  std::filesystem::create_directory(home);
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  if (::geteuid() == 0 && ::chown(home.c_str(), user_, group_) != 0) throw std::runtime_error("chown");
  configure(more_config);
}

void DovecotDialer::configure(const std::string& more_config) {
  std::ofstream(folder_ / "dovecot.conf")
      << fmt::format(config_text, folder_.native(), user_, group_, more_config);
}

DovecotDialer::~DovecotDialer() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<net::Stream> DovecotDialer::dial(const std::string&, std::uint16_t, const net::TlsPolicy*,
                                                 const net::Timeouts&, std::stop_token) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::runtime_error("socketpair");
  const auto config = (folder_ / "dovecot.conf").native();
  const auto errors = (folder_ / "stderr").native();
  const auto home = "HOME=" + (folder_ / "home").native();
  const std::array<const char*, 4> environment{"USER=bob", home.c_str(), "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
                                               nullptr};
  const auto process = ::fork();
  if (process == 0) {
    ::dup2(ends[1], 0);
    ::dup2(ends[1], 1);
    const auto log = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0) ::dup2(log, 2);
    // root's would take the socket for inetd's and refuse; and a mailbox needs somebody whose it is
    if (::geteuid() == 0 && (::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(126);
    // not by `doveadm exec`, which leaves out what the configuration says of the protocol
    for (const auto* program : {"/usr/lib/dovecot/imap", "/usr/libexec/dovecot/imap"}) {
      const std::array<const char*, 4> words{program, "-c", config.c_str(),
                                             nullptr};  // it starts itself again
      ::execve(program, const_cast<char**>(words.data()), const_cast<char**>(environment.data()));
    }
    ::_exit(127);
  }
  ::close(ends[1]);
  if (process < 0) throw std::runtime_error("fork");
  auto stream = std::make_unique<ProcessStream>(ends[0], process);
  if (!capabilities_.empty()) stream->greet_with("* PREAUTH [CAPABILITY " + capabilities_ + "] ready\r\n");
  return stream;
}

config::Account DovecotDialer::account() const {
  config::Account account;
  account.host = "localhost";
  account.port = 143;
  account.user = "bob";
  account.security = config::Security::none;
  return account;
}

}  // namespace postferry::test
