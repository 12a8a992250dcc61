#include "pending_receipts.h"

#include <utility>

namespace postferry::archive {

PendingReceipts::Found PendingReceipts::add(const mail::ContentId& content, Waiter waiter, std::uint64_t& ticket) {
  const std::lock_guard lock(mutex_);
  const auto prefix = prefix_of(content.digest);
  const auto [open, is_new] = by_content_.try_emplace(prefix, last_ticket_ + 1);
  ticket = open->second;
  if (is_new) {
    ++last_ticket_;
    by_ticket_[ticket].content = prefix;
  }
  by_ticket_[ticket].waiters.push_back(std::move(waiter));
  return is_new ? Found::is_new : Found::is_open;
}

std::optional<PendingReceipts::Pending> PendingReceipts::take(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto found = by_ticket_.find(ticket);
  if (found == by_ticket_.end()) return std::nullopt;  // salvaged: nobody waits for it
  auto out = std::move(found->second);
  by_content_.erase(out.content);
  by_ticket_.erase(found);
  return out;
}

void PendingReceipts::drop(std::uint64_t ticket, const mail::Headline& headline, const Error& why) {
  const auto pending = take(ticket);
  if (!pending) return;
  for (std::size_t i = 1; i < pending->waiters.size(); ++i) {
    const auto& waiter = pending->waiters[i];
    waiter.receipts->refused(waiter.ref, headline, why);
  }
}

void PendingReceipts::published(std::span<const std::uint64_t> tickets, std::span<const std::uint64_t> cost) {
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const auto pending = take(tickets[i]);
    if (!pending) continue;
    std::uint64_t new_bytes = i < cost.size() ? cost[i] : 0;
    for (const auto& waiter : pending->waiters) {
      waiter.receipts->stored(waiter.ref, waiter.place, std::exchange(new_bytes, 0));
    }
  }
}

}  // namespace postferry::archive
