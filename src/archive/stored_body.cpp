#include "stored_body.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

namespace postferry::archive {
namespace {

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : rest_(bytes) {}
  std::size_t read(std::span<std::byte> into) override {
    const auto count = std::min(into.size(), rest_.size());
    if (count > 0) std::memcpy(into.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  Bytes rest_;
};

class FailedSource final : public ByteSource {
 public:
  explicit FailedSource(std::exception_ptr why) : why_(std::move(why)) {}
  std::size_t read(std::span<std::byte>) override { std::rethrow_exception(why_); }

 private:
  std::exception_ptr why_;
};

class LoadedBody final : public mail::Body {
 public:
  LoadedBody(const Located& where, const std::function<std::string()>& read) : size_(where.entry.size) {
    try {
      bytes_ = read();
    } catch (const Error&) {
      why_ = std::current_exception();  // thrown when it is read: that is where the caller can name the message
    }
  }

  std::uint64_t size() const override { return size_; }
  std::unique_ptr<ByteSource> open() const override {
    if (why_) return std::make_unique<FailedSource>(why_);
    return std::make_unique<MemorySource>(as_bytes(bytes_));
  }
  std::span<const std::byte> in_memory() const override { return as_bytes(bytes_); }

 private:
  const std::uint64_t size_;
  std::string bytes_;
  std::exception_ptr why_;
};

class StreamedBody final : public mail::Body {
 public:
  StreamedBody(const Located& where, std::function<std::unique_ptr<ByteSource>()> open)
      : size_(where.entry.size), open_(std::move(open)) {}
  std::uint64_t size() const override { return size_; }
  std::unique_ptr<ByteSource> open() const override { return open_(); }

 private:
  const std::uint64_t size_;
  const std::function<std::unique_ptr<ByteSource>()> open_;
};

}  // namespace

std::unique_ptr<mail::Body> loaded_body(const Located& where, const std::function<std::string()>& read) {
  return std::make_unique<LoadedBody>(where, read);
}

std::unique_ptr<mail::Body> streamed_body(const Located& where, std::function<std::unique_ptr<ByteSource>()> open) {
  return std::make_unique<StreamedBody>(where, std::move(open));
}

}  // namespace postferry::archive
