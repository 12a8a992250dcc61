#include <postferry/codec/sha256.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include <openssl/evp.h>

#include "sha256_blocks.h"

namespace postferry::codec {
namespace {

constexpr std::size_t block_size = 64;
constexpr std::array<std::uint32_t, 8> initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Fetched once: since OpenSSL 3 every look-up by EVP_sha256() costs more than hashing a small message.
const EVP_MD* algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched != nullptr ? fetched : EVP_sha256();
}

// libcrypto has no other reason to refuse a digest than memory (a build without SHA-256 does not exist).
void must(int ok) {
  if (ok != 1) throw std::bad_alloc();
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

bool by_ourselves() {
  static const bool can = has_sha_instructions();
  return can;
}

}  // namespace

// By the processor's instructions where it has them, else by OpenSSL.
struct Sha256::State {
  std::array<std::uint32_t, 8> words = initial;
  std::array<std::byte, block_size> begun{};  // of a block that is not whole yet
  std::uint64_t size = 0;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context;

  State() {
    if (by_ourselves()) return;
    context.reset(EVP_MD_CTX_new());
    if (!context) throw std::bad_alloc();
  }

  void begin() {
    if (context) return must(EVP_DigestInit_ex2(context.get(), algorithm(), nullptr));
    words = initial;
    size = 0;
  }

  void copy(const State& from) {
    if (context) return must(EVP_MD_CTX_copy_ex(context.get(), from.context.get()));
    words = from.words;
    begun = from.begun;
    size = from.size;
  }

  void take(Bytes bytes) {
    if (context) return must(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()));
    bytes = finish_block(bytes);
    const auto blocks = bytes.size() / block_size;
    hash_blocks(words.data(), bytes.data(), blocks);
    keep(bytes.subspan(blocks * block_size), bytes.size());
  }

  // The number of bytes of a block that has been begun.
  std::size_t in_block() const { return size % block_size; }

  // Completes the block that has been begun as far as `bytes` go; returns the rest of them.
  Bytes finish_block(Bytes bytes) {
    if (in_block() == 0) return bytes;
    const auto part = bytes.first(std::min(bytes.size(), block_size - in_block()));
    std::copy(part.begin(), part.end(), begun.begin() + static_cast<std::ptrdiff_t>(in_block()));
    size += part.size();
    if (in_block() == 0) hash_blocks(words.data(), begun.data(), 1);
    return bytes.subspan(part.size());
  }

  // What begins a new block; `hashed_and_kept` is counted.
  void keep(Bytes rest, std::size_t hashed_and_kept) {
    if (hashed_and_kept == 0) return;
    std::copy(rest.begin(), rest.end(), begun.begin());
    size += hashed_and_kept;
  }

  Digest end() {
    Digest out;
    if (context) {
      must(EVP_DigestFinal_ex(context.get(), static_cast<unsigned char*>(static_cast<void*>(out.data())),
                              nullptr));
      return out;
    }
    const auto bits = size * 8;
    std::array<std::byte, 2 * block_size> padding{std::byte{0x80}};
    const auto length = (in_block() < 56 ? 56 : 120) - in_block();
    for (std::size_t i = 0; i < 8; ++i) padding[length + i] = static_cast<std::byte>(bits >> (56 - 8 * i));
    take(Bytes(padding).first(length + 8));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::byte>(words[i / 4] >> (24 - 8 * (i % 4)));
    }
    return out;
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->begin(); }

Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>()) { state_->copy(*other.state_); }

Sha256& Sha256::operator=(const Sha256& other) {
  if (this == &other) return *this;
  if (!state_) state_ = std::make_unique<State>();
  state_->copy(*other.state_);
  return *this;
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(Bytes bytes) { state_->take(bytes); }

void Sha256::update_both(Sha256& a, Bytes to_a, Sha256& b, Bytes to_b) {
  if (by_ourselves()) {
    to_a = a.state_->finish_block(to_a);
    to_b = b.state_->finish_block(to_b);
    const auto blocks = std::min(to_a.size(), to_b.size()) / block_size;
    const auto bytes = blocks * block_size;
    if (blocks > 0) {  // neither has a block that is not whole
      hash_blocks(a.state_->words.data(), to_a.data(), b.state_->words.data(), to_b.data(), blocks);
      a.state_->size += bytes;
      b.state_->size += bytes;
      to_a = to_a.subspan(bytes);
      to_b = to_b.subspan(bytes);
    }
  }
  a.state_->take(to_a);
  b.state_->take(to_b);
}

Digest Sha256::digest() const { return Sha256(*this).state_->end(); }

Digest Sha256::finish() {
  const Digest out = state_->end();
  state_->begin();
  return out;
}

Digest Sha256::of(Bytes bytes) {
  thread_local Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace postferry::codec
