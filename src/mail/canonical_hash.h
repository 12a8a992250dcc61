#pragma once

#include <string>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

namespace postferry::mail {

// SHA-256 of the canonical form of what it is fed (`canonical` v1, IDENTITY.md), and of the exact bytes. As
// long as the two are one and the same text they share one state: nearly all mail comes canonical off the
// wire, and then the second digest costs nothing. Memory does not depend on the input.
class CanonicalHash {
 public:
  enum class Exact { wanted, unwanted };
  explicit CanonicalHash(Exact exact) : keep_exact_(exact == Exact::wanted) {}

  void update(Bytes raw);
  // The same as one update() of each, and cheaper: as long as both are canonical they go side by side.
  static void update_both(CanonicalHash& a, CanonicalHash& b, Bytes raw);

  struct Result {
    codec::Digest canonical;
    codec::Digest exact;  // meaningless where unwanted
  };
  Result finish();  // the object then begins anew

 private:
  void hold(Bytes run);
  void emit(Bytes bytes);
  void convert(Bytes bytes);
  void put(Bytes bytes);
  struct Parts;
  bool begin(const Parts& parts);
  codec::Sha256& live() { return diverged_ ? canonical_ : exact_; }

  const bool keep_exact_;
  codec::Sha256 exact_;
  codec::Sha256 canonical_;  // in use once diverged_
  bool diverged_ = false;
  bool after_cr_ = false;  // the last byte emitted was a CR

  // CRs and LFs that may turn out to be the last ones. A run that is too long to hold is hashed as it comes;
  // before_run_ then keeps the canonical state without it.
  std::string run_;
  bool long_run_ = false;
  codec::Sha256 before_run_;

  std::vector<std::byte> converted_;  // batches the short pieces of a text with bare LFs
};

}  // namespace postferry::mail
