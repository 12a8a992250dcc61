#include "settled_verdict.h"

#include <fmt/format.h>

namespace postferry::engine {

mail::Known known_at(const PushWorld& world, const SinkFolder& folder, const mail::Meta& meta,
                     std::uint32_t number, std::uint64_t size, const mail::Flags& carried) {
  mail::Known known;
  known.meta = meta;
  known.place = {fmt::format("{}/{}", folder.epoch(), number), size};
  known.carried = world.options.flags == FlagRule::never ? meta.flags : carried;
  return known;
}

std::string damage(const SinkFolder& folder, std::uint32_t number) {
  return fmt::format(
      "{}: it lies there as uid {}, but the server has changed its header (it takes no 8-bit bytes); "
      "delete it there and run again with --repair, which sends it encoded",
      folder.name(), number);
}

mail::Verdict settled_verdict(const PushWorld& world, SinkFolder& folder, mail::LaneId lane,
                              const mail::Meta& meta, const mail::Settled& settled) {
  using Kind = mail::Verdict::Kind;
  mail::Verdict verdict;
  if (settled.number == 0) return verdict;
  if (folder.confirm(settled.number, settled.size, settled.shared, lane)) {
    verdict.kind = Kind::known;
    verdict.known = known_at(world, folder, meta, settled.number, settled.size, settled.flags);
    if (settled.damaged) {
      verdict.known->defect = damage(folder, settled.number);
      verdict.known->headline = *settled.damaged;
    }
  } else if (world.options.respect_deletions && !folder.inventory().has(settled.number)) {
    verdict.kind = Kind::skipped;
    verdict.rule = "deleted at the destination";
  }
  return verdict;
}

}  // namespace postferry::engine
