#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

namespace postferry::endpoints {

// UIDLs that were listed once, at 16 bytes each however long they are: the first half of their SHA-256, in
// which no two have ever been found to be alike. One thread.
class SeenUidls {
 public:
  void add(std::string_view uidl) { all_.push_back(mark(uidl)), is_sorted_ = false; }

  bool contains(std::string_view uidl) {
    if (all_.empty()) return false;
    if (!is_sorted_) std::sort(all_.begin(), all_.end()), is_sorted_ = true;
    return std::binary_search(all_.begin(), all_.end(), mark(uidl));
  }

 private:
  using Mark = std::array<std::byte, 16>;

  static Mark mark(std::string_view uidl) {
    const auto digest = codec::Sha256::of(as_bytes(uidl));
    Mark out;
    std::copy_n(digest.begin(), out.size(), out.begin());
    return out;
  }

  std::vector<Mark> all_;
  bool is_sorted_ = true;
};

}  // namespace postferry::endpoints
