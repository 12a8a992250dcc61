#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <postferry/mail/sink.h>

#include "prefix_map.h"

namespace postferry::archive {

// Who waits for the pack in which a message lies to be published. Any thread.
class PendingReceipts {
 public:
  struct Waiter {
    mail::MessageRef ref;
    mail::Receipts* receipts = nullptr;
    mail::Placement place;
  };

  enum class Found { is_new, is_open };

  // is_open: the same content is on its way already, and this one waits with it. is_new: hand it to the pack writer under
  // `ticket`.
  Found add(const mail::ContentId& content, Waiter waiter, std::uint64_t& ticket);
  // It could not be read after all; who waits with it is refused, all but the first.
  void drop(std::uint64_t ticket, const mail::Headline& headline, const Error& why);
  // Gives the receipts, without holding a lock.
  void published(std::span<const std::uint64_t> tickets, std::span<const std::uint64_t> cost);

 private:
  struct Pending {
    Prefix content;
    std::vector<Waiter> waiters;
  };

  std::optional<Pending> take(std::uint64_t ticket);

  std::mutex mutex_;  // guards all below
  std::uint64_t last_ticket_ = 0;
  struct PrefixHash {
    std::size_t operator()(const Prefix& prefix) const { return prefix[0] | std::size_t{prefix[1]} << 32U; }
  };
  std::unordered_map<std::uint64_t, Pending> by_ticket_;
  std::unordered_map<Prefix, std::uint64_t, PrefixHash> by_content_;
};

}  // namespace postferry::archive
