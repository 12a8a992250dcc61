#include "push_keeper.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace postferry::engine {
namespace {

bool is_pop3(const mail::MessageRef& ref) { return ref.epoch == mail::pop3_epoch; }

[[noreturn]] void is_not_there(std::uint32_t number) {
  throw Error(Cause::missing, Blast::message, Retry::never,
              fmt::format("uid {} at the destination is not that message any more", number));
}

}  // namespace

mail::LaneId PushKeeper::lane(const mail::Folder& folder) {
  return world_.ledger.lane({world_.from, folder.wire_name}, folder_of_(folder).key());
}

std::optional<mail::Settled> PushKeeper::settled(const mail::Folder& folder, const mail::MessageRef& ref) {
  mail::Meta meta;
  meta.ref = ref;
  std::optional<mail::Settled> out;
  world_.ledger.known(lane(folder), std::span(&meta, 1), [&](std::size_t, const mail::Settled& one) { out = one; });
  return out;
}

void PushKeeper::due(const mail::Folder& folder, std::chrono::sys_seconds until,
                     const std::function<void(mail::Due)>& found) {
  auto& there = folder_of_(folder);
  const auto mine = lane(folder);
  std::vector<mail::Due> all;
  world_.ledger.settlements(there.key(), [&](mail::LaneId of, const mail::Settled& one) {
    const bool is_whole = one.number != 0 && one.altered == 0 && !one.damaged;
    if (of != mine || !is_whole || !there.inventory().is_taken(one.number)) return;
    if (one.since && *one.since > until) return;
    auto& due = all.emplace_back();
    due.order.ref = one.source;
    if (one.told != 0) due.order.size = one.told;
    due.order.canonical = one.canonical;
    due.order.header = one.header;
    due.order.there = one.number;
    due.is_proven = one.since.has_value();
  });
  std::sort(all.begin(), all.end(), [](const mail::Due& a, const mail::Due& b) {
    return std::pair(a.order.ref.number, a.order.there) < std::pair(b.order.ref.number, b.order.there);
  });
  for (auto& one : all) found(std::move(one));
}

PushSession& PushKeeper::session_into(SinkFolder& there) {
  if (session_of_ == &there) return *session_;
  session_.emplace(world_.destination, there.path(), mail::Opening::afresh, there.name(), patience_, world_.stop,
                   world_.stop);
  session_->expect(there.epoch());
  session_of_ = &there;
  return *session_;
}

void PushKeeper::read_back(const mail::Folder& folder, mail::ReleaseOrder& order) {
  const auto known = settled(folder, order.ref);
  if (!known || known->number != order.there) is_not_there(order.there);
  const bool is_there = session_into(folder_of_(folder)).run([&](mail::DestinationFolder& destination) {
    const auto content = destination.canonical_of(order.there);
    if (!content) return false;
    if (*content == known->canonical || destination.original_of(order.there) == known->canonical) return true;
    return known->shared && destination.merge_of(order.there) == known->merge;
  });
  if (!is_there) is_not_there(order.there);
}

void PushKeeper::let_go(std::span<const mail::FolderOrders> all) {
  session_.reset();
  session_of_ = nullptr;
  for (const auto& [folder, orders] : all) {
    std::vector<mail::MessageRef> gone;
    for (const auto& order : orders) {
      if (!is_pop3(order.ref)) continue;
      if (auto known = settled(folder, order.ref)) let_go_.emplace(Reference{order.ref.uidl, order.ref.number}, std::move(*known));
      gone.push_back(order.ref);
    }
    if (!gone.empty()) world_.ledger.unsettle(lane(folder), gone);
  }
}

void PushKeeper::take_back(std::span<const mail::FolderOrders> all) {
  for (const auto& [folder, orders] : all) {
    std::vector<mail::Settled> again;
    for (const auto& order : orders) {
      const auto found = let_go_.find({order.ref.uidl, order.ref.number});
      if (found != let_go_.end()) again.push_back(found->second);
    }
    if (!again.empty()) world_.ledger.settle(lane(folder), again);
  }
}

}  // namespace postferry::engine
