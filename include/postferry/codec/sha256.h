#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include <postferry/base/bytes.h>

namespace postferry::codec {

using Digest = std::array<std::byte, 32>;

// SHA-256 (FIPS 180-4), growing. Copying copies the state, so that two digests may share a beginning.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  Sha256(Sha256&&) noexcept;  // the moved-from one may only be assigned to or destroyed
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(Bytes bytes);
  // The same as one update() of each; faster where the processor can do two at once.
  static void update_both(Sha256& a, Bytes to_a, Sha256& b, Bytes to_b);
  Digest digest() const;  // of what came so far; may be called again
  Digest finish();  // of all that came; the object then begins anew (cheaper than digest() and a new one)

  static Digest of(Bytes bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postferry::codec
