#include "imap_pool.h"

#include <algorithm>

namespace postferry::endpoints {
namespace {

constexpr unsigned usual_sessions = 4;
// A session may be closed while it lies idle: after so long a round trip is worth the certainty.
constexpr std::chrono::seconds trusted_for{2};

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

std::optional<ImapPool::Lent::Already> ImapPool::Lent::take_selected(const std::string& wire_name) {
  if (std::exchange(line_.selected_name, {}) != wire_name) return std::nullopt;
  return Already{line_.selected, pool_->tools_.clock.steady() - line_.given_back <= trusted_for};
}

void ImapPool::Lent::keep_selected(const std::string& wire_name, const imap::Selected& selected) {
  if (pool_ == nullptr) return;
  line_.selected_name = wire_name;
  line_.selected = selected;
  line_.given_back = pool_->tools_.clock.steady();
}

void ImapPool::Lent::give_back() noexcept {
  if (pool_ == nullptr) return;
  line_.stoppable->follow({});
  {
    const std::lock_guard lock(pool_->mutex_);
    pool_->idle_.push_back(std::exchange(line_, {}));
    --pool_->lent_;
    pool_->returned_.notify_all();
  }
  pool_ = nullptr;
}

void ImapPool::Lent::hang_up() noexcept {
  if (pool_ == nullptr) return;
  line_ = {};
  {
    const std::lock_guard lock(pool_->mutex_);
    --pool_->lent_;
    pool_->returned_.notify_all();
  }
  pool_ = nullptr;
}

ImapPool::ImapPool(config::Account account, Secret secret, Tools tools, unsigned most)
    : account_(std::move(account)),
      secret_(std::move(secret)),
      tools_(std::move(tools)),
      most_(most),
      allowed_(most) {}

ImapPool::~ImapPool() {
  for (auto& line : idle_) line.session->logout();
}

std::size_t ImapPool::waiting() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void ImapPool::forget_selected(const std::string& wire_name) {
  const std::lock_guard lock(mutex_);
  for (auto& line : idle_) {
    if (line.selected_name == wire_name) line.selected_name.clear();
  }
}

ImapPool::Lent ImapPool::borrow(std::stop_token stop, const std::string& wire_name) {
  ImapLine line;
  {
    std::unique_lock lock(mutex_);
    const auto mine = queue_.insert(queue_.end(), &line);
    const bool has_turn =
        returned_.wait(lock, stop, [&] { return queue_.front() == &line && lent_ < allowed_; });
    queue_.erase(mine);
    returned_.notify_all();
    if (!has_turn) throw Cancelled();
    ++lent_;
    if (!idle_.empty()) {
      auto which = wire_name.empty() ? idle_.begin()
                                     : std::find_if(idle_.begin(), idle_.end(), [&](const ImapLine& one) {
                                         return one.selected_name == wire_name;
                                       });
      if (which == idle_.end()) which = idle_.begin();
      line = std::move(*which);
      idle_.erase(which);
    }
  }
  const bool warm = line.session != nullptr;
  if (warm) {
    line.stoppable->follow(stop);
    if (line.selected_name != wire_name) line.selected_name.clear();  // whatever is done with it now
    return {this, std::move(line), true};
  }
  try {
    return {this, imap_sign_in(account_, secret_, tools_, stop), false};
  } catch (const Error& error) {
    take_back(error.cause == Cause::throttled);
    throw;
  } catch (...) {
    take_back(false);
    throw;
  }
}

void ImapPool::take_back(bool is_one_too_many) {
  const std::lock_guard lock(mutex_);
  --lent_;
  if (is_one_too_many && lent_ > 0) allowed_ = std::min(allowed_, lent_);
  returned_.notify_all();
}

}  // namespace postferry::endpoints
