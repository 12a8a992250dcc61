#include "aligned_ranges.h"

#include <algorithm>

namespace postferry::archive {
namespace {

struct Cutter {
  std::span<const std::uint32_t> numbers;
  std::size_t most;
  std::vector<AlignedRange> out;

  void cut(std::uint32_t from, unsigned bits, std::size_t first, std::size_t last) {
    if (first == last) return;
    if (last - first <= most || bits == 0) {
      out.push_back({from, bits, first, last - first});
      return;
    }
    const auto middle = from + (std::uint32_t{1} << (bits - 1));
    const auto begin = numbers.begin();
    const auto half = static_cast<std::size_t>(
        std::lower_bound(begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last), middle) - begin);
    cut(from, bits - 1, first, half);
    cut(middle, bits - 1, half, last);
  }
};

}  // namespace

std::vector<AlignedRange> aligned_ranges(std::span<const std::uint32_t> numbers, std::size_t most) {
  Cutter cutter{numbers, most, {}};
  cutter.cut(0, 32, 0, numbers.size());
  return std::move(cutter.out);
}

}  // namespace postferry::archive
