#include "shared_copies.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "distinct.h"

namespace postferry::engine {

void SharedCopies::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  by_number_.clear();
  owners_.clear();
  sorted_ = true;
}

void SharedCopies::add(std::uint32_t number, const mail::MergeId& merge, const mail::AccountId& owner,
                       bool offered) {
  const std::lock_guard lock(mutex_);
  const auto index = index_among(owners_, owner);
  // Settled before merge digests were noted: it cannot be found by one.
  entries_.push_back({merge, number, index, offered && merge != mail::MergeId{}, false});
  sorted_ = false;
}

std::optional<std::uint32_t> SharedCopies::take(const mail::MergeId& merge) {
  const std::lock_guard lock(mutex_);
  sort();
  auto one =
      std::lower_bound(entries_.begin(), entries_.end(), merge,
                       [](const Entry& entry, const mail::MergeId& wanted) { return entry.merge < wanted; });
  for (; one != entries_.end() && one->merge == merge; ++one) {
    if (!one->offered || std::exchange(one->taken, true)) continue;
    return one->number;
  }
  return std::nullopt;
}

bool SharedCopies::take(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  auto* one = find(number);
  return one != nullptr && !std::exchange(one->taken, true);
}

bool SharedCopies::is_free(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto* one = find(number);
  return one != nullptr && !one->taken;
}

mail::AccountId SharedCopies::owner_of(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto* one = find(number);
  return one == nullptr ? mail::AccountId{} : owners_[one->owner];
}

void SharedCopies::sort() const {
  if (std::exchange(sorted_, true)) return;
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.merge, a.number) < std::tie(b.merge, b.number);
  });
  by_number_.resize(entries_.size());
  std::iota(by_number_.begin(), by_number_.end(), 0u);
  std::sort(by_number_.begin(), by_number_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return entries_[a].number < entries_[b].number; });
}

SharedCopies::Entry* SharedCopies::find(std::uint32_t number) const {
  sort();
  const auto at = std::lower_bound(by_number_.begin(), by_number_.end(), number,
                                   [&](std::uint32_t i, std::uint32_t n) { return entries_[i].number < n; });
  return at != by_number_.end() && entries_[*at].number == number ? &entries_[*at] : nullptr;
}

}  // namespace postferry::engine
