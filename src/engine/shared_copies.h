#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include <postferry/mail/message.h>

namespace postferry::engine {

// Copies in a destination folder that were brought for other accounts. Mail that reached two accounts lies
// there once: each copy answers for one message of the account that is being pushed, so that as many lie
// there as the account with the most of them has. Any thread.
class SharedCopies {
 public:
  void clear();
  // `offered`: new messages may be told to lie there; else it only confirms what was settled so before.
  void add(std::uint32_t number, const mail::MergeId& merge, const mail::AccountId& owner, bool offered);

  // For a message whose merge digest this is; nothing: none is free.
  std::optional<std::uint32_t> take(const mail::MergeId& merge);
  // For a message that was settled by this copy.
  bool take(std::uint32_t number);
  bool is_free(std::uint32_t number) const;
  mail::AccountId owner_of(std::uint32_t number) const;

 private:
  struct Entry {
    mail::MergeId merge;
    std::uint32_t number = 0;
    std::uint32_t owner = 0;
    bool offered = false, taken = false;
  };
  void sort() const;
  Entry* find(std::uint32_t number) const;

  mutable std::mutex mutex_;
  mutable std::vector<Entry> entries_;  // guarded by mutex_, as all; by merge and number, once sorted
  mutable std::vector<std::uint32_t> by_number_;  // places in entries_
  mutable bool sorted_ = true;
  std::vector<mail::AccountId> owners_;
};

}  // namespace postferry::engine
