#include "repair.h"

#include <array>
#include <cstring>
#include <utility>

#include <postferry/base/bytes.h>

#include "byte_filter.h"
#include "header_mender.h"
#include "line_folder.h"

namespace postferry::engine {
namespace {

constexpr std::size_t longest_of_rfc = 998, longest_of_exchange = 9900;

class NulRemover final : public ByteFilter {
 public:
  void take(std::string_view piece, std::string& out) override {
    for (const char c : piece) {
      if (c != '\0') out += c;
      changed_ = changed_ || c == '\0';
    }
  }
  void end(std::string&) override {}
};

std::unique_ptr<ByteFilter> filter_of(Repair step) {
  switch (step) {
    case Repair::nuls:
      return std::make_unique<NulRemover>();
    case Repair::header:
      return std::make_unique<HeaderMender>();
    case Repair::very_long_lines:
      return std::make_unique<LineFolder>(longest_of_exchange);
    case Repair::long_lines:
      return std::make_unique<LineFolder>(longest_of_rfc);
  }
  return nullptr;
}

class FilteredSource final : public ByteSource {
 public:
  FilteredSource(std::unique_ptr<ByteSource> from, std::unique_ptr<ByteFilter> filter)
      : from_(std::move(from)), filter_(std::move(filter)) {}

  std::size_t read(std::span<std::byte> into) override {
    while (at_ == ready_.size() && !ended_) refill();
    const auto part = std::min(into.size(), ready_.size() - at_);
    if (part > 0) std::memcpy(into.data(), ready_.data() + at_, part);
    at_ += part;
    return part;
  }
  bool changed() const { return filter_->changed(); }

 private:
  void refill() {
    ready_.clear();
    at_ = 0;
    const auto got = from_->read(buffer_);
    if (got > 0) return filter_->take(as_text(std::span(buffer_).first(got)), ready_);
    filter_->end(ready_);
    ended_ = true;
  }

  std::unique_ptr<ByteSource> from_;
  std::unique_ptr<ByteFilter> filter_;
  std::array<std::byte, 16384> buffer_{};
  std::string ready_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

class RepairedBody final : public mail::Body {
 public:
  RepairedBody(std::unique_ptr<mail::Body> below, Repair step, std::uint64_t size)
      : below_(std::move(below)), step_(step), size_(size) {}
  std::uint64_t size() const override { return size_; }
  std::unique_ptr<ByteSource> open() const override {
    return std::make_unique<FilteredSource>(below_->open(), filter_of(step_));
  }

 private:
  const std::unique_ptr<mail::Body> below_;
  const Repair step_;
  const std::uint64_t size_;
};

}  // namespace

std::string_view words_of(Repair step) {
  switch (step) {
    case Repair::nuls:
      return "NUL bytes removed";
    case Repair::header:
      return "illegal header lines encoded";
    case Repair::very_long_lines:
      return "lines of more than 9,900 bytes folded";
    case Repair::long_lines:
      return "lines of more than 998 bytes folded";
  }
  return {};
}

Repaired repaired(std::unique_ptr<mail::Body> body, Repair step) {
  FilteredSource trial(body->open(), filter_of(step));
  std::array<std::byte, 16384> buffer{};
  std::uint64_t size = 0;
  while (const auto got = trial.read(buffer)) size += got;
  if (!trial.changed()) return {std::move(body), false};
  return {std::make_unique<RepairedBody>(std::move(body), step, size), true};
}

}  // namespace postferry::engine
