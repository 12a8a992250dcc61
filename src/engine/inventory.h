#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include <postferry/mail/destination.h>
#include <postferry/mail/push_ledger.h>

namespace postferry::engine {

// What lies in a destination folder, and who may count it as his: sixteen bytes a message, so that a survey
// of a million fits into memory. A message is a stray (nobody's), reserved (a settlement of a lane claims it)
// or taken (a message of this run is settled by it). Only one message ever takes one. Any thread.
class Inventory {
 public:
  void clear();
  void add_stray(const mail::Found& found);
  void add_taken(const mail::Found& found);
  // A message that is there, though no survey has shown it yet: add_stray() will know it for taken.
  void expect(std::uint32_t number);

  // A settlement is believed only if its message is there with the noted size (0: not known) and nobody
  // else's.
  bool reserve(std::uint32_t number, std::uint64_t size, mail::LaneId lane);
  // From reserved for `lane` to taken; false: it is not, or not any more.
  bool take_reserved(std::uint32_t number, std::uint64_t size, mail::LaneId lane);
  bool take_stray(std::uint32_t number);

  bool has(std::uint32_t number) const;
  bool has(std::uint32_t number, std::uint64_t size) const;  // with the noted size (0: not known)
  bool is_stray(std::uint32_t number) const;
  bool is_taken(std::uint32_t number) const;
  bool is_reserved(std::uint32_t number, mail::LaneId lane) const;
  std::optional<mail::Found> find(std::uint32_t number) const;
  std::vector<std::uint32_t> strays(std::uint32_t from) const;
  std::uint32_t next() const;  // above everything that was ever seen

 private:
  struct Entry {
    std::uint32_t number;
    std::uint32_t size;   // cut at 4 GiB, as every size it is compared with
    std::uint32_t owner;  // stray, taken, or 2 + index into lanes_
    std::uint32_t flags;  // index into flags_
  };

  void add(const mail::Found& found, std::uint32_t owner);
  Entry* entry(std::uint32_t number);
  const Entry* entry(std::uint32_t number) const;
  std::uint32_t owner_of(mail::LaneId lane);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_, as all; ascending by number
  std::vector<mail::LaneId> lanes_;
  std::vector<mail::Flags> flags_;  // the distinct ones: a few dozen in a folder of any size
  std::set<std::uint32_t> expected_;
  std::uint32_t next_ = 1;
};

}  // namespace postferry::engine
