#include <postferry/codec/sha256.h>

#include <new>

#include <openssl/evp.h>

namespace postferry::codec {
namespace {

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

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};

  State() {
    if (!context) throw std::bad_alloc();
  }
  void begin() { must(EVP_DigestInit_ex2(context.get(), algorithm(), nullptr)); }
  void copy(const State& from) { must(EVP_MD_CTX_copy_ex(context.get(), from.context.get())); }
  Digest end() {
    Digest out;
    must(EVP_DigestFinal_ex(context.get(), static_cast<unsigned char*>(static_cast<void*>(out.data())),
                            nullptr));
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

void Sha256::update(Bytes bytes) {
  must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
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
