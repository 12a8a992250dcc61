#include "support/memory_push_ledger.h"

namespace postferry::test {

void MemoryPushLedger::effect() {
  ++writes_;
  if (steps_ != nullptr) steps_->step();
}

mail::LaneId MemoryPushLedger::lane(const mail::FolderKey& from, const mail::FolderKey& to) {
  const std::lock_guard lock(mutex_);
  return lanes_.emplace(std::pair(from, to), static_cast<mail::LaneId>(lanes_.size() + 1)).first->second;
}

mail::AccountId MemoryPushLedger::account_of(mail::LaneId lane) {
  const std::lock_guard lock(mutex_);
  for (const auto& [way, id] : lanes_) {
    if (id == lane) return way.first.account;
  }
  return {};
}

void MemoryPushLedger::known(mail::LaneId lane, std::span<const mail::Meta> page,
                             const std::function<void(std::size_t, const mail::Settled&)>& found) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto one = settled_.find(key(lane, page[i].ref));
    if (one != settled_.end()) found(i, one->second);
  }
}

std::uint64_t MemoryPushLedger::count(mail::LaneId lane) {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [of, one] : settled_) sum += std::get<0>(of) == lane ? 1 : 0;
  return sum;
}

void MemoryPushLedger::settle(mail::LaneId lane, std::span<const mail::Settled> settled) {
  const std::lock_guard lock(mutex_);
  effect();
  for (const auto& one : settled) settled_[key(lane, one.source)] = one;
}

void MemoryPushLedger::unsettle(mail::LaneId lane, std::span<const mail::MessageRef> sources) {
  const std::lock_guard lock(mutex_);
  effect();
  for (const auto& source : sources) settled_.erase(key(lane, source));
}

void MemoryPushLedger::settlements(const mail::FolderKey& to,
                                   const std::function<void(mail::LaneId, const mail::Settled&)>& found) {
  const std::lock_guard lock(mutex_);
  for (const auto& [lane, id] : lanes_) {
    if (lane.second != to) continue;
    for (const auto& [of, one] : settled_) {
      if (std::get<0>(of) == id) found(id, one);
    }
  }
}

std::optional<mail::SinkFolderNote> MemoryPushLedger::note(const mail::FolderKey& to) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(to);
  return found == notes_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryPushLedger::open(const mail::FolderKey& to, const std::string& epoch, std::uint32_t mark) {
  const std::lock_guard lock(mutex_);
  effect();
  notes_[to] = {epoch, mark, true};
}

void MemoryPushLedger::close(const mail::FolderKey& to, const std::string& epoch, std::uint32_t next) {
  const std::lock_guard lock(mutex_);
  effect();
  notes_[to] = {epoch, next, false};
}

void MemoryPushLedger::lose() {
  const std::lock_guard lock(mutex_);
  lanes_.clear();
  settled_.clear();
  notes_.clear();
}

}  // namespace postferry::test
