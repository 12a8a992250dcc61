#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace postferry::engine {

// The place of `value` among the distinct ones, where it is put if it is new: an entry of many then keeps an
// index instead of a copy. For a few dozen values.
template <class T>
std::uint32_t index_among(std::vector<T>& distinct, const T& value) {
  const auto found = std::find(distinct.begin(), distinct.end(), value);
  const auto index = static_cast<std::uint32_t>(found - distinct.begin());
  if (found == distinct.end()) distinct.push_back(value);
  return index;
}

}  // namespace postferry::engine
