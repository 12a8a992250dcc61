#include <postferry/net/rate_limit.h>

#include <gtest/gtest.h>

#include "support/manual_clock.h"

namespace postferry::net {
namespace {

using std::chrono::milliseconds;

// Gives and takes as much as one likes.
class Endless final : public Stream {
 public:
  std::size_t read(std::span<std::byte> into) override { return into.size(); }
  void write(std::span<const std::byte>) override {}
  void flush() override {}
  void start_tls(const TlsPolicy&) override {}
  bool is_secure() const override { return true; }
  void abort() noexcept override {}
};

class EndlessDialer final : public Dialer {
 public:
  std::unique_ptr<Stream> dial(const std::string&, std::uint16_t, const TlsPolicy*, const Timeouts&,
                               std::stop_token) override {
    return std::make_unique<Endless>();
  }
};

struct Limited {
  test::ManualClock clock;
  EndlessDialer endless;
  std::unique_ptr<Dialer> dialer = limited_dialer(endless, 100'000, clock);
  std::unique_ptr<Stream> dial() { return dialer->dial("h", 143, nullptr, {}, {}); }
  milliseconds passed() const {
    return std::chrono::duration_cast<milliseconds>(clock.steady() - begin);
  }
  std::chrono::steady_clock::time_point begin = clock.steady();
};

TEST(RateLimit, LetsNoMoreThroughThanItSays) {
  Limited given;
  const auto stream = given.dial();
  std::vector<std::byte> buffer(1 << 20);
  std::size_t got = 0;
  while (got < 1'000'000) got += stream->read(buffer);
  EXPECT_NEAR(static_cast<double>(given.passed().count()), 10'000, 50);
  stream->write(std::span(buffer).first(500'000));
  EXPECT_NEAR(static_cast<double>(given.passed().count()), 15'000, 50);
}

TEST(RateLimit, IsSharedByAllConnections) {
  Limited given;
  const auto one = given.dial(), other = given.dial();
  std::vector<std::byte> buffer(10'000);
  for (int i = 0; i < 10; ++i) one->read(buffer), other->read(buffer);
  EXPECT_NEAR(static_cast<double>(given.passed().count()), 2'000, 50);
}

TEST(RateLimit, NeverWaitsLongForOnePiece) {
  Limited given;
  const auto stream = given.dial();
  std::vector<std::byte> buffer(1 << 20);
  stream->write(buffer);
  for (const auto sleep : given.clock.sleeps()) EXPECT_LE(sleep, milliseconds(200));
}

}  // namespace
}  // namespace postferry::net
