#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace postferry::archive {

// An aligned range [from, from + 2^bits) and which items of a sorted list lie in it.
struct AlignedRange {
  std::uint32_t from = 0;
  unsigned bits = 0;  // 0 to 32
  std::size_t first = 0, count = 0;
  bool operator==(const AlignedRange&) const = default;
};

// Cuts sorted, distinct numbers into the largest aligned ranges [k*2^n, (k+1)*2^n) that hold at most `most` of them;
// empty ranges are left out. A function of the set alone, and each range of what lies around it: adding a number
// changes no range but the one it falls into.
std::vector<AlignedRange> aligned_ranges(std::span<const std::uint32_t> numbers, std::size_t most);

inline constexpr std::size_t page_entries = 128;  // at most
inline constexpr std::size_t shelf_pages = 32;

}  // namespace postferry::archive
