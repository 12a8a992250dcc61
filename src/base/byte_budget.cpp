#include <postferry/base/byte_budget.h>

#include <algorithm>
#include <utility>

#include <postferry/base/error.h>

namespace postferry {

ByteBudget::ByteBudget(std::size_t bytes) : free_(bytes), total_(bytes) {}

ByteBudget::Lease ByteBudget::take(std::size_t bytes, std::stop_token stop) {
  const std::size_t asked = std::min(bytes, total_);
  std::unique_lock lock(mutex_);
  if (!queue_.empty() || free_ < asked) {
    const void* const me = &asked;
    queue_.push_back(me);
    const bool mine =
        freed_.wait(lock, std::move(stop), [&] { return queue_.front() == me && free_ >= asked; });
    std::erase(queue_, me);
    if (!queue_.empty()) freed_.notify_all();  // the next one may already find enough
    if (!mine) throw Cancelled();
  }
  free_ -= asked;
  return {this, asked};
}

void ByteBudget::give_back(std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  free_ += bytes;
  if (!queue_.empty()) freed_.notify_all();
}

ByteBudget::Lease::Lease(Lease&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

ByteBudget::Lease& ByteBudget::Lease::operator=(Lease&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

ByteBudget::Lease::~Lease() {
  if (budget_ != nullptr) budget_->give_back(bytes_);
}

}  // namespace postferry
