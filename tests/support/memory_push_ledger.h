#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include <postferry/mail/push_ledger.h>

#include "support/step_counter.h"

namespace postferry::test {

// A PushLedger in memory, durable at once; every write is a step.
class MemoryPushLedger final : public mail::PushLedger {
 public:
  explicit MemoryPushLedger(StepCounter* steps = nullptr) : steps_(steps) {}

  mail::LaneId lane(const mail::FolderKey& from, const mail::FolderKey& to) override;
  mail::AccountId account_of(mail::LaneId lane) override;
  void known(mail::LaneId lane, std::span<const mail::Meta> page,
             const std::function<void(std::size_t, const mail::Settled&)>& found) override;
  std::uint64_t count(mail::LaneId lane) override;
  void settle(mail::LaneId lane, std::span<const mail::Settled> settled) override;
  void unsettle(mail::LaneId lane, std::span<const mail::MessageRef> sources) override;
  void settlements(const mail::FolderKey& to,
                   const std::function<void(mail::LaneId, const mail::Settled&)>& found) override;
  std::optional<mail::SinkFolderNote> note(const mail::FolderKey& to) override;
  void open(const mail::FolderKey& to, const std::string& epoch, std::uint32_t mark) override;
  void close(const mail::FolderKey& to, const std::string& epoch, std::uint32_t next) override;

  void lose();  // as if its file had been removed
  std::uint64_t writes() const { return writes_; }

 private:
  using Key = std::tuple<mail::LaneId, std::string, std::uint32_t, std::string>;
  static Key key(mail::LaneId lane, const mail::MessageRef& ref) {
    return {lane, ref.epoch, ref.uidl.empty() ? ref.number : 0, ref.uidl};
  }
  void effect();

  StepCounter* const steps_;
  mutable std::mutex mutex_;
  std::uint64_t writes_ = 0;
  std::map<std::pair<mail::FolderKey, mail::FolderKey>, mail::LaneId> lanes_;
  std::map<Key, mail::Settled> settled_;
  std::map<mail::FolderKey, mail::SinkFolderNote> notes_;
};

}  // namespace postferry::test
