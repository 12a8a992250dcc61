#include "inventory.h"

#include <algorithm>
#include <utility>

#include "distinct.h"

namespace postferry::engine {
namespace {

constexpr std::uint32_t stray = 0, taken = 1, first_lane = 2;

std::uint32_t cut(std::uint64_t size) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(size, 0xFFFFFFFF));
}

bool sizes_agree(std::uint32_t there, std::uint64_t noted) { return noted == 0 || there == cut(noted); }

}  // namespace

void Inventory::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  lanes_.clear();
  flags_.clear();
  expected_.clear();
  next_ = 1;
}

void Inventory::add_stray(const mail::Found& found) {
  const std::lock_guard lock(mutex_);
  add(found, expected_.erase(found.number) > 0 ? taken : stray);
}

void Inventory::add_taken(const mail::Found& found) {
  const std::lock_guard lock(mutex_);
  expected_.erase(found.number);
  add(found, taken);
}

void Inventory::expect(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  if (entry(number) == nullptr) expected_.insert(number);
}

void Inventory::add(const mail::Found& found, std::uint32_t owner) {
  const auto place =
      std::lower_bound(entries_.begin(), entries_.end(), found.number,
                       [](const Entry& one, std::uint32_t number) { return one.number < number; });
  if (place != entries_.end() && place->number == found.number) return;
  entries_.insert(place, {found.number, cut(found.size), owner, index_among(flags_, found.flags)});
  next_ = std::max(next_, found.number + 1);
}

bool Inventory::reserve(std::uint32_t number, std::uint64_t size, mail::LaneId lane) {
  const std::lock_guard lock(mutex_);
  auto* one = entry(number);
  if (one == nullptr || one->owner != stray || !sizes_agree(one->size, size)) return false;
  one->owner = owner_of(lane);
  return true;
}

bool Inventory::take_reserved(std::uint32_t number, std::uint64_t size, mail::LaneId lane) {
  const std::lock_guard lock(mutex_);
  auto* one = entry(number);
  if (one == nullptr || one->owner != owner_of(lane) || !sizes_agree(one->size, size)) return false;
  one->owner = taken;
  return true;
}

bool Inventory::take_stray(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  auto* one = entry(number);
  if (one == nullptr || one->owner != stray) return false;
  one->owner = taken;
  return true;
}

bool Inventory::has(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  return entry(number) != nullptr;
}

bool Inventory::has(std::uint32_t number, std::uint64_t size) const {
  const std::lock_guard lock(mutex_);
  const auto* one = entry(number);
  return one != nullptr && sizes_agree(one->size, size);
}

bool Inventory::is_stray(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto* one = entry(number);
  return one != nullptr && one->owner == stray;
}

bool Inventory::is_taken(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto* one = entry(number);
  return expected_.contains(number) || (one != nullptr && one->owner == taken);
}

bool Inventory::is_reserved(std::uint32_t number, mail::LaneId lane) const {
  const std::lock_guard lock(mutex_);
  const auto* one = entry(number);
  return one != nullptr && one->owner >= first_lane && lanes_[one->owner - first_lane] == lane;
}

std::optional<mail::Found> Inventory::find(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto* one = entry(number);
  if (one == nullptr) return std::nullopt;
  return mail::Found{one->number, one->size, flags_[one->flags]};
}

std::vector<std::uint32_t> Inventory::strays(std::uint32_t from) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> found;
  for (const auto& one : entries_) {
    if (one.owner == stray && one.number >= from) found.push_back(one.number);
  }
  return found;
}

std::uint32_t Inventory::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

Inventory::Entry* Inventory::entry(std::uint32_t number) {
  return const_cast<Entry*>(std::as_const(*this).entry(number));
}

const Inventory::Entry* Inventory::entry(std::uint32_t number) const {
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), number,
                                      [](const Entry& one, std::uint32_t n) { return one.number < n; });
  return place != entries_.end() && place->number == number ? &*place : nullptr;
}

std::uint32_t Inventory::owner_of(mail::LaneId lane) { return first_lane + index_among(lanes_, lane); }

}  // namespace postferry::engine
