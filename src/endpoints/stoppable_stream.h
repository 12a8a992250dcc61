#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <postferry/net/stream.h>

namespace postferry::endpoints {

// A stream that is aborted when its stop token is requested. The callback lives inside, so that it can never
// outlive what it aborts, whoever owns the stream by then. One thread, but for abort().
class StoppableStream final : public net::Stream {
 public:
  explicit StoppableStream(std::unique_ptr<net::Stream> below) : below_(std::move(below)) {}

  // From now on this token counts, and no other. Aborts at once if it was requested before.
  void follow(std::stop_token stop) {
    cancel_.reset();
    cancel_.emplace(std::move(stop), [this] { below_->abort(); });
  }

  std::size_t read(std::span<std::byte> into) override { return below_->read(into); }
  void write(std::span<const std::byte> bytes) override { below_->write(bytes); }
  void flush() override { below_->flush(); }
  void start_tls(const net::TlsPolicy& policy) override { below_->start_tls(policy); }
  bool is_secure() const override { return below_->is_secure(); }
  void hurry(std::chrono::milliseconds most) override { below_->hurry(most); }
  void abort() noexcept override { below_->abort(); }

 private:
  std::unique_ptr<net::Stream> below_;
  std::optional<std::stop_callback<std::function<void()>>> cancel_;  // destroyed before below_
};

}  // namespace postferry::endpoints
