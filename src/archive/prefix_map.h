#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace postferry::archive {

// The first 128 bits of a SHA-256: enough to tell names apart, half of what the name takes.
using Prefix = std::array<std::uint32_t, 4>;

inline Prefix prefix_of(std::span<const std::byte> digest) {
  Prefix out{};
  std::memcpy(out.data(), digest.data(), sizeof out);
  return out;
}

// Prefix → a small value, by open addressing: 16 + sizeof(Value) bytes a slot, slots at most 7/8 full. The first value of a
// prefix stays. One thread, or a lock around it.
template <class Value>
class PrefixMap {
 public:
  // False if it was there already.
  bool add(const Prefix& prefix, Value value) {
    if ((size_ + 1) * 8 > slots_.size() * 7) grow();
    auto& slot = slots_[find_slot(prefix)];
    if (slot.used()) return false;
    slot.prefix = mark(prefix);
    slot.value = value;
    ++size_;
    return true;
  }

  const Value* find(const Prefix& prefix) const {
    if (slots_.empty()) return nullptr;
    const auto& slot = slots_[find_slot(prefix)];
    return slot.used() ? &slot.value : nullptr;
  }

  bool contains(const Prefix& prefix) const { return find(prefix) != nullptr; }
  std::size_t size() const { return size_; }
  void clear() { slots_.clear(), size_ = 0; }

  // Takes memory once for so many.
  void reserve(std::size_t count) {
    const auto slots = std::bit_ceil(count * 8 / 7 + 1);
    if (slots > slots_.size()) rehash(slots);
  }

  template <class Found>
  void each(const Found& found) const {
    for (const auto& slot : slots_) {
      if (slot.used()) found(slot.prefix, slot.value);
    }
  }

 private:
  struct Slot {
    Prefix prefix{};  // all zero: free
    Value value{};
    bool used() const { return prefix != Prefix{}; }
  };

  // A name of 128 zero bits does not come by itself; it would be taken for a free slot.
  static Prefix mark(Prefix prefix) {
    if (prefix == Prefix{}) prefix[3] = 1;
    return prefix;
  }

  std::size_t find_slot(const Prefix& wanted) const {
    const auto prefix = mark(wanted);
    const auto mask = slots_.size() - 1;
    auto at = (prefix[0] | std::size_t{prefix[1]} << 32U) & mask;
    while (slots_[at].used() && slots_[at].prefix != prefix) at = (at + 1) & mask;
    return at;
  }

  void grow() { rehash(slots_.empty() ? 64 : slots_.size() * 2); }

  void rehash(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const auto& slot : old) {
      if (slot.used()) slots_[find_slot(slot.prefix)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace postferry::archive
