#include <postferry/net/transcript.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/net/hide_secret.h>

namespace postferry::net {
namespace {

class FileTranscript final : public Transcript {
 public:
  explicit FileTranscript(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    file_ = descriptor < 0 ? nullptr : ::fdopen(descriptor, "w");
    if (file_ == nullptr) {
      throw Error(
          Cause::storage, Blast::run, Retry::never,
          fmt::format("{}: the transcript cannot be written: {}", printable(path), std::strerror(errno)));
    }
  }
  ~FileTranscript() override { std::fclose(file_); }

  void note(const std::string& connection, Direction direction, Bytes bytes) override {
    const std::lock_guard lock(mutex_);
    const char* who = direction == Direction::sent ? "C" : "S";
    for (auto text = as_text(bytes); !text.empty();) {
      const auto end = std::min(text.find('\n'), text.size() - 1);
      fmt::print(file_, "{} {}: {}\n", connection, who, printable(text.substr(0, end + 1)));
      text.remove_prefix(end + 1);
    }
    std::fflush(file_);
  }

 private:
  std::mutex mutex_;
  std::FILE* file_ = nullptr;  // guarded by mutex_
};

class Tapped final : public TappedStream {
 public:
  Tapped(std::unique_ptr<Stream> below, Transcript& transcript, std::string connection)
      : below_(std::move(below)), transcript_(transcript), connection_(std::move(connection)) {}
  ~Tapped() override { note_held(); }

  std::size_t read(std::span<std::byte> into) override {
    const auto got = below_->read(into);
    note_read(into.first(got));
    return got;
  }
  void write(std::span<const std::byte> bytes) override {
    transcript_.note(connection_, Direction::sent, masked_ ? as_bytes("<secret>\n") : bytes);
    below_->write(bytes);
  }
  void flush() override { below_->flush(); }
  void start_tls(const TlsPolicy& policy) override { below_->start_tls(policy); }
  bool is_secure() const override { return below_->is_secure(); }
  void hurry(std::chrono::milliseconds most) override { below_->hurry(most); }
  void abort() noexcept override { below_->abort(); }
  void masked(bool on) override { masked_ = on; }
  void hide(std::vector<std::string> secrets) override {
    note_held();
    secrets_ = std::move(secrets);
  }

 private:
  // A secret may come in two pieces, but never across a line's end.
  void note_read(Bytes bytes) {
    if (secrets_.empty()) return transcript_.note(connection_, Direction::received, bytes);
    for (const char c : as_text(bytes)) {
      held_ += c;
      if (c == '\n') note_held();
    }
  }
  void note_held() {
    if (held_.empty()) return;
    transcript_.note(connection_, Direction::received,
                     as_bytes(hide_secrets(std::exchange(held_, {}), secrets_)));
  }

  std::unique_ptr<Stream> below_;
  Transcript& transcript_;
  const std::string connection_;
  bool masked_ = false;
  std::vector<std::string> secrets_;
  std::string held_;  // read, and not noted yet
};

}  // namespace

std::unique_ptr<Transcript> file_transcript(const std::string& path) {
  return std::make_unique<FileTranscript>(path);
}

std::unique_ptr<TappedStream> tapped(std::unique_ptr<Stream> below, Transcript& transcript,
                                     std::string connection) {
  return std::make_unique<Tapped>(std::move(below), transcript, std::move(connection));
}

}  // namespace postferry::net
