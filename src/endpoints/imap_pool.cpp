#include "imap_pool.h"

#include <algorithm>

namespace postferry::endpoints {
namespace {

constexpr unsigned usual_sessions = 4;

}  // namespace

unsigned sessions_of(const config::Account& account, const Tools& tools) {
  const auto most =
      tools.max_sessions != 0 ? tools.max_sessions : account.connections.value_or(usual_sessions);
  return std::max(1u, most);
}

ImapPool::Lent& ImapPool::Lent::operator=(Lent&& other) noexcept {
  if (this == &other) return *this;
  hang_up();
  pool_ = std::exchange(other.pool_, nullptr);
  line_ = std::exchange(other.line_, {});
  warm_ = other.warm_;
  return *this;
}

void ImapPool::Lent::give_back() noexcept {
  if (pool_ == nullptr) return;
  line_.stoppable->follow({});
  {
    const std::lock_guard lock(pool_->mutex_);
    pool_->idle_.push_back(std::exchange(line_, {}));
    --pool_->lent_;
    pool_->returned_.notify_one();
  }
  pool_ = nullptr;
}

void ImapPool::Lent::hang_up() noexcept {
  if (pool_ == nullptr) return;
  line_ = {};
  {
    const std::lock_guard lock(pool_->mutex_);
    --pool_->lent_;
    pool_->returned_.notify_one();
  }
  pool_ = nullptr;
}

ImapPool::ImapPool(config::Account account, Secret secret, Tools tools, unsigned most)
    : account_(std::move(account)), secret_(std::move(secret)), tools_(std::move(tools)), most_(most) {}

ImapPool::~ImapPool() {
  for (auto& line : idle_) line.session->logout();
}

ImapPool::Lent ImapPool::borrow(std::stop_token stop) {
  ImapLine line;
  {
    std::unique_lock lock(mutex_);
    if (!returned_.wait(lock, stop, [&] { return lent_ < most_; })) throw Cancelled();
    ++lent_;
    if (!idle_.empty()) {
      line = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  const bool warm = line.session != nullptr;
  if (warm) {
    line.stoppable->follow(stop);
    return {this, std::move(line), true};
  }
  try {
    return {this, imap_sign_in(account_, secret_, tools_, stop), false};
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --lent_;
    returned_.notify_one();
    throw;
  }
}

}  // namespace postferry::endpoints
