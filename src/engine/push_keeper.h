#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <postferry/mail/release.h>

#include "sink_folder.h"

namespace postferry::engine {

// The destination of a push, after its run, as what the sources may be emptied against. A message is due that the run has
// listed at its source and found, or put, at the destination, whose content was compared, and which neither --repair nor
// the server has changed.
class PushKeeper final : public mail::Keeper {
 public:
  using FolderOf = std::function<SinkFolder&(const mail::Folder& source)>;
  PushKeeper(PushWorld& world, FolderOf folder_of)
      : world_(world), folder_of_(std::move(folder_of)), patience_(world.limits, world.clock, world.events) {}

  void due(const mail::Folder& folder, std::chrono::sys_seconds until,
           const std::function<void(mail::Due)>& found) override;
  void read_back(const mail::Folder& folder, mail::ReleaseOrder& order) override;
  // A UIDL may be given twice in the life of a server. What was carried under it is forgotten: should the message be there
  // all the same, it is known by its content.
  void let_go(std::span<const mail::FolderOrders> orders) override;
  void take_back(std::span<const mail::FolderOrders> orders) override;

 private:
  using Reference = std::pair<std::string, std::uint32_t>;  // UIDL, number

  mail::LaneId lane(const mail::Folder& folder);
  std::optional<mail::Settled> settled(const mail::Folder& folder, const mail::MessageRef& ref);
  PushSession& session_into(SinkFolder& there);

  PushWorld& world_;
  const FolderOf folder_of_;
  Patience patience_;
  const SinkFolder* session_of_ = nullptr;
  std::optional<PushSession> session_;
  std::map<Reference, mail::Settled> let_go_;
};

}  // namespace postferry::engine
