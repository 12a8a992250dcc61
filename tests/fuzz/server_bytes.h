#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include <postferry/net/stream.h>

namespace postferry::fuzz {

// A server that says these bytes, whatever it is told, and hangs up. Cut into pieces of `piece` bytes.
class ServerBytes final : public net::Stream {
 public:
  explicit ServerBytes(std::string bytes, std::size_t piece = 1u << 16)
      : bytes_(std::move(bytes)), piece_(std::max<std::size_t>(1, piece)) {}

  std::size_t read(std::span<std::byte> into) override {
    const auto part = std::min({into.size(), piece_, bytes_.size() - at_});
    if (part > 0) std::memcpy(into.data(), bytes_.data() + at_, part);
    at_ += part;
    return part;
  }
  void write(std::span<const std::byte>) override {}
  void flush() override {}
  void start_tls(const net::TlsPolicy&) override {}
  bool is_secure() const override { return true; }
  void abort() noexcept override {}

 private:
  const std::string bytes_;
  const std::size_t piece_;
  std::size_t at_ = 0;
};

}  // namespace postferry::fuzz
