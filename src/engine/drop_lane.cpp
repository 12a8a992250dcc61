#include "drop_lane.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "distinct.h"
#include "settled_verdict.h"

namespace postferry::engine {
namespace {

using Print = std::array<std::byte, 16>;

class DropLane final : public mail::LaneLedger {
 public:
  DropLane(PushWorld& world, SinkFolder& folder, mail::LaneId lane)
      : world_(world), folder_(folder), lane_(lane) {
    world.ledger.settlements(folder.key(), [&](mail::LaneId of, const mail::Settled& one) {
      if (of == lane) add(one);
    });
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return key(a) < key(b); });
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].uidl_size > 0) by_uidl_.emplace_back(std::hash<std::string_view>()(uidl(rows_[i])), i);
    }
    std::sort(by_uidl_.begin(), by_uidl_.end());
  }

  bool empty() const override { return rows_.empty(); }

  void foresee(const std::string& name, std::optional<std::uint64_t> size) override {
    if (auto* row = row_of(name); row != nullptr && agrees(size, row->told)) row->is_foreseen = true;
  }

  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    const auto first = out.size();
    out.resize(first + page.size());
    world_.ledger.known(lane_, page, [&](std::size_t i, const mail::Settled& settled) {
      if (mail::is_nameless(page[i].ref) || !agrees(page[i].size, settled.told)) return;
      out[first + i] = settled_verdict(world_, folder_, lane_, page[i], settled);
    });
    for (std::size_t i = 0; i < page.size(); ++i) {
      auto& verdict = out[first + i];
      if (verdict.kind == Kind::wanted && has_twin_of(page[i])) verdict.kind = Kind::maybe;
    }
  }

  std::optional<mail::Known> by_header(const mail::Meta& meta, const mail::HeaderId& header,
                                       const std::optional<mail::MatchKey>& message_id) override {
    if (!meta.size || !message_id) return std::nullopt;
    const auto [first, last] =
        std::equal_range(rows_.begin(), rows_.end(), RowKey{*meta.size, header.digest}, ByKey{});
    const bool differ =
        std::any_of(first, last, [&](const Row& row) { return row.content != first->content; });
    if (differ) return std::nullopt;  // only the body tells them apart
    for (auto row = first; row != last; ++row) {
      if (row->is_foreseen || row->is_damaged) continue;
      if (!folder_.confirm(row->number, 0, row->is_shared, lane_)) continue;
      return known_as(meta, *row);
    }
    return std::nullopt;
  }

 private:
  using Kind = mail::Verdict::Kind;
  using RowKey = std::pair<std::uint64_t, Print>;

  struct Row {
    std::uint64_t told = 0;
    Print header{}, content{};
    std::uint32_t number = 0;  // at the destination
    std::uint32_t uidl_at = 0;
    std::uint16_t uidl_size = 0;
    std::uint16_t flags = 0;  // index into flags_
    bool is_shared = false;
    bool is_damaged = false;   // content decides of it, and says so
    bool is_foreseen = false;  // its UIDL is in this listing
  };
  struct ByKey {
    bool operator()(const Row& row, const RowKey& wanted) const { return key(row) < wanted; }
    bool operator()(const RowKey& wanted, const Row& row) const { return wanted < key(row); }
  };

  static RowKey key(const Row& row) { return {row.told, row.header}; }
  static bool agrees(const std::optional<std::uint64_t>& size, std::uint64_t told) {
    return !size || told == 0 || *size == told;
  }
  std::string_view uidl(const Row& row) const {
    return std::string_view(uidls_).substr(row.uidl_at, row.uidl_size);
  }

  void add(const mail::Settled& one) {
    Row row;
    row.told = one.told;
    row.header = one.header.digest;
    std::copy_n(one.canonical.digest.begin(), row.content.size(), row.content.begin());
    row.number = one.number;
    row.is_shared = one.shared;
    row.is_damaged = one.damaged.has_value();
    row.uidl_at = static_cast<std::uint32_t>(uidls_.size());
    row.uidl_size = static_cast<std::uint16_t>(one.source.uidl.size());
    uidls_ += one.source.uidl;
    row.flags = static_cast<std::uint16_t>(index_among(flags_, one.flags));
    rows_.push_back(row);
  }

  Row* row_of(const std::string& name) {
    const auto hash = std::hash<std::string_view>()(name);
    auto at =
        std::lower_bound(by_uidl_.begin(), by_uidl_.end(), std::pair<std::size_t, std::uint32_t>(hash, 0));
    for (; at != by_uidl_.end() && at->first == hash; ++at) {
      if (uidl(rows_[at->second]) == name) return &rows_[at->second];
    }
    return nullptr;
  }

  // A message under a UIDL that nothing was carried under may be one that has got another.
  bool has_twin_of(const mail::Meta& meta) const {
    if (!meta.size) return false;
    const auto first = std::lower_bound(rows_.begin(), rows_.end(), RowKey{*meta.size, Print{}}, ByKey{});
    for (auto row = first; row != rows_.end() && row->told == *meta.size; ++row) {
      if (!row->is_foreseen && folder_.may_confirm(row->number, row->is_shared, lane_)) return true;
    }
    return false;
  }

  mail::Known known_as(const mail::Meta& meta, const Row& row) const {
    auto out = known_at(world_, folder_, meta, row.number, 0, flags_[row.flags]);
    out.by_header = true;
    out.same_as = mail::lasting({std::string(mail::pop3_epoch), 0, std::string(uidl(row))}, row.number);
    return out;
  }

  PushWorld& world_;
  SinkFolder& folder_;
  const mail::LaneId lane_;
  std::vector<Row> rows_;                                       // by told size and header
  std::string uidls_;                                           // of all rows, one after the other
  std::vector<std::pair<std::size_t, std::uint32_t>> by_uidl_;  // hash, row
  std::vector<mail::Flags> flags_;                              // the distinct ones
};

}  // namespace

std::unique_ptr<mail::LaneLedger> drop_lane(PushWorld& world, SinkFolder& folder, mail::LaneId lane) {
  return std::make_unique<DropLane>(world, folder, lane);
}

}  // namespace postferry::engine
