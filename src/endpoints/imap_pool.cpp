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

std::optional<imap::Selected> ImapPool::Lent::take_selected(const std::string& wire_name) {
  const bool is_it = std::exchange(line_.selected_name, {}) == wire_name;
  if (!is_it || pool_->tools_.clock.steady() - line_.given_back > trusted_for) return std::nullopt;
  return line_.selected;
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
    if (!returned_.wait(lock, stop, [&] { return lent_ < most_; })) throw Cancelled();
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
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --lent_;
    returned_.notify_one();
    throw;
  }
}

}  // namespace postferry::endpoints
