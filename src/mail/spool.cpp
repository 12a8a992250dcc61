#include <postferry/mail/spool.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postferry::mail {
namespace {

constexpr std::size_t write_size = 64U << 10U;

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::size_t read(std::span<std::byte> into) override {
    const std::size_t n = std::min(into.size(), bytes_->size() - at_);
    if (n > 0) std::memcpy(into.data(), bytes_->data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  const std::shared_ptr<const std::string> bytes_;
  std::size_t at_ = 0;
};

// Shared with its sources, so that reading may outlast the body.
class MemoryBody final : public Body {
 public:
  explicit MemoryBody(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  std::uint64_t size() const override { return bytes_->size(); }
  std::unique_ptr<ByteSource> open() const override { return std::make_unique<MemorySource>(bytes_); }
  std::span<const std::byte> in_memory() const override { return as_bytes(*bytes_); }

 private:
  const std::shared_ptr<const std::string> bytes_;
};

class ScratchSource final : public ByteSource {
 public:
  explicit ScratchSource(std::shared_ptr<const ScratchFile> file) : file_(std::move(file)) {}

  std::size_t read(std::span<std::byte> into) override {
    const std::size_t n = file_->read_at(at_, into);
    at_ += n;
    return n;
  }

 private:
  const std::shared_ptr<const ScratchFile> file_;
  std::uint64_t at_ = 0;
};

class ScratchBody final : public Body {
 public:
  explicit ScratchBody(ScratchFile file) : file_(std::make_shared<const ScratchFile>(std::move(file))) {}

  std::uint64_t size() const override { return file_->size(); }
  std::unique_ptr<ByteSource> open() const override { return std::make_unique<ScratchSource>(file_); }

 private:
  const std::shared_ptr<const ScratchFile> file_;
};

}  // namespace

struct Spool::State {
  std::filesystem::path folder;
  std::string memory;  // the whole message, or what the file has not been given yet
  std::optional<ScratchFile> file;
  bool to_file = false;  // announced as too large for memory

  void spill() {
    if (!file) file.emplace(folder);
    file->append(as_bytes(memory));
    memory.clear();
  }
};

Spool::Spool(std::filesystem::path folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
}
Spool::~Spool() = default;

void Spool::expect(std::uint64_t bytes) {
  state_->to_file = bytes > memory_limit;
  state_->memory.reserve(state_->to_file ? write_size : static_cast<std::size_t>(bytes));
}

void Spool::append(Bytes bytes) {
  auto& s = *state_;
  const bool to_file = s.to_file || s.file.has_value();
  if (s.memory.size() + bytes.size() <= (to_file ? write_size : memory_limit)) {
    s.memory += as_text(bytes);
    return;
  }
  s.spill();
  if (bytes.size() >= write_size) {
    s.file->append(bytes);
  } else {
    s.memory += as_text(bytes);
  }
}

std::unique_ptr<Body> Spool::finish() {
  auto& s = *state_;
  std::unique_ptr<Body> out;
  if (s.file) {
    s.spill();
    out = std::make_unique<ScratchBody>(std::move(*s.file));
  } else {
    out = memory_body(std::exchange(s.memory, {}));
  }
  discard();
  return out;
}

void Spool::discard() {
  state_->memory = {};
  state_->file.reset();
  state_->to_file = false;
}

std::unique_ptr<Body> memory_body(std::string bytes) {
  return std::make_unique<MemoryBody>(std::move(bytes));
}

}  // namespace postferry::mail
