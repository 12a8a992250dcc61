#include "stored_body.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/sha256.h>

namespace postferry::archive {
namespace {

[[noreturn]] void throw_wrong_hash(const Located& where) {
  throw Error(Cause::damaged, Blast::message, Retry::never,
              fmt::format("{}: its bytes do not hash to its name any more", described(where)));
}

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

// Hashes what passes; the end is only told if it is right.
class VerifiedSource final : public ByteSource {
 public:
  VerifiedSource(std::unique_ptr<ByteSource> below, const Located& where) : below_(std::move(below)), where_(where) {}
  std::size_t read(std::span<std::byte> into) override {
    const auto count = below_->read(into);
    read_ += count;
    hash_.update(into.first(count));
    if (read_ > where_.entry.size || (count == 0 && read_ != where_.entry.size)) throw_wrong_hash(where_);
    if (read_ == where_.entry.size && !is_verified_) {
      if (hash_.digest() != where_.entry.hash) throw_wrong_hash(where_);
      is_verified_ = true;
    }
    return count;
  }

 private:
  std::unique_ptr<ByteSource> below_;
  const Located where_;
  codec::Sha256 hash_;
  std::uint64_t read_ = 0;
  bool is_verified_ = false;
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
      : where_(where), open_(std::move(open)) {}
  std::uint64_t size() const override { return where_.entry.size; }
  std::unique_ptr<ByteSource> open() const override { return std::make_unique<VerifiedSource>(open_(), where_); }

 private:
  const Located where_;
  const std::function<std::unique_ptr<ByteSource>()> open_;
};

}  // namespace

std::string described(const Located& where) {
  if (!where.entry.is_mail()) return fmt::format("{}: {}", where.pack, printable(where.entry.name));
  const auto& headline = where.entry.headline;
  return fmt::format("{}: the message {} of {} from {}, \"{}\"", where.pack, to_hex(Bytes(where.entry.hash).first(8)),
                     headline.date.empty() ? "no date" : printable(headline.date),
                     headline.from.empty() ? "nobody" : printable(headline.from), printable(headline.subject));
}

void verify_bytes(const Located& where, std::string_view bytes) {
  if (codec::Sha256::of(as_bytes(bytes)) != where.entry.hash) throw_wrong_hash(where);
}

std::unique_ptr<mail::Body> loaded_body(const Located& where, const std::function<std::string()>& read) {
  return std::make_unique<LoadedBody>(where, read);
}

std::unique_ptr<mail::Body> streamed_body(const Located& where, std::function<std::unique_ptr<ByteSource>()> open) {
  return std::make_unique<StreamedBody>(where, std::move(open));
}

}  // namespace postferry::archive
