#include "push_ledger_view.h"

#include "drop_lane.h"
#include "settled_verdict.h"

namespace postferry::engine {
namespace {

class PushLane final : public mail::LaneLedger {
 public:
  PushLane(PushWorld& world, SinkFolder& folder, mail::LaneId lane)
      : world_(world), folder_(folder), lane_(lane), empty_(world.ledger.count(lane) == 0) {}

  bool empty() const override { return empty_; }

  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    const auto first = out.size();
    out.resize(first + page.size());
    world_.ledger.known(lane_, page, [&](std::size_t i, const mail::Settled& settled) {
      out[first + i] = settled_verdict(world_, folder_, lane_, page[i], settled);
    });
  }

  // Headers prove nothing here: two messages may share them and differ in the body.
  std::optional<mail::Known> by_header(const mail::Meta&, const mail::HeaderId&,
                                       const std::optional<mail::MatchKey>&) override {
    return std::nullopt;
  }

 private:
  PushWorld& world_;
  SinkFolder& folder_;
  const mail::LaneId lane_;
  const bool empty_;
};

}  // namespace

std::unique_ptr<mail::LaneLedger> PushLedgerView::open(const mail::Folder& folder, mail::Span,
                                                       const mail::FolderState& now) {
  auto& sink = prepared_(folder);
  const auto lane = world_.ledger.lane({world_.from, folder.wire_name}, sink.key());
  if (now.epoch == mail::pop3_epoch) return drop_lane(world_, sink, lane);
  return std::make_unique<PushLane>(world_, sink, lane);
}

}  // namespace postferry::engine
