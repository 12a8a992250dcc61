#include <postferry/net/rate_limit.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace postferry::net {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A line that carries so many bytes a second, shared by all.
class Line {
 public:
  Line(std::uint64_t bytes_per_second, Clock& clock) : rate_(std::max<std::uint64_t>(1, bytes_per_second)), clock_(clock) {}

  // Small enough that nobody waits long for one piece.
  std::size_t piece() const { return static_cast<std::size_t>(std::clamp<std::uint64_t>(rate_ / 10, 1, 1 << 20)); }

  // Returns when the line is free again behind these bytes.
  void carry(std::size_t bytes, const std::stop_token& stop) {
    const nanoseconds time(static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate_)));
    nanoseconds wait{0};
    {
      const std::lock_guard lock(mutex_);
      const auto now = clock_.steady();
      free_ = std::max(free_, now) + duration_cast<std::chrono::steady_clock::duration>(time);
      wait = free_ - now;
    }
    const auto whole = duration_cast<milliseconds>(wait);
    if (whole.count() > 0) clock_.sleep_for(whole, stop);
  }

 private:
  const std::uint64_t rate_;
  Clock& clock_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_;  // guarded by mutex_
};

class LimitedStream final : public Stream {
 public:
  LimitedStream(std::unique_ptr<Stream> below, Line& line, std::stop_token stop)
      : below_(std::move(below)), line_(line), stop_(std::move(stop)) {}

  std::size_t read(std::span<std::byte> into) override {
    const auto got = below_->read(into.first(std::min(into.size(), line_.piece())));
    line_.carry(got, stop_);
    return got;
  }
  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), line_.piece()));
      below_->write(piece);
      line_.carry(piece.size(), stop_);
      bytes = bytes.subspan(piece.size());
    }
  }
  void flush() override { below_->flush(); }
  void start_tls(const TlsPolicy& policy) override { below_->start_tls(policy); }
  bool is_secure() const override { return below_->is_secure(); }
  void hurry(std::chrono::milliseconds most) override { below_->hurry(most); }
  void abort() noexcept override { below_->abort(); }

 private:
  std::unique_ptr<Stream> below_;
  Line& line_;
  const std::stop_token stop_;
};

class LimitedDialer final : public Dialer {
 public:
  LimitedDialer(Dialer& below, std::uint64_t bytes_per_second, Clock& clock)
      : below_(below), line_(bytes_per_second, clock) {}

  std::unique_ptr<Stream> dial(const std::string& host, std::uint16_t port, const TlsPolicy* tls,
                               const Timeouts& timeouts, std::stop_token stop) override {
    return std::make_unique<LimitedStream>(below_.dial(host, port, tls, timeouts, stop), line_, stop);
  }

 private:
  Dialer& below_;
  Line line_;
};

}  // namespace

std::unique_ptr<Dialer> limited_dialer(Dialer& below, std::uint64_t bytes_per_second, Clock& clock) {
  return std::make_unique<LimitedDialer>(below, bytes_per_second, clock);
}

}  // namespace postferry::net
