#include "pop3_listing.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::endpoints {
namespace {

// RFC 1939 says 70 characters of 0x21 to 0x7E. Longer ones and ones with a blank inside exist and tell
// messages apart just as well; what has controls or 8-bit bytes, or fills a buffer, does not come from a mail
// server.
constexpr std::size_t longest_uidl = 255;

bool is_fit(const std::string& uidl) {
  const auto printable_ascii = [](char c) { return c >= 0x20 && c < 0x7F; };
  return uidl.size() <= longest_uidl && std::all_of(uidl.begin(), uidl.end(), printable_ascii);
}

// Why these UIDLs tell nothing from one session to the next; empty: they do.
std::string flaw(const pop3::Session& session, const std::vector<pop3::Drop>& drops) {
  if (!session.has_uidl()) return "the server does not answer UIDL";
  bool all_are_numbers = true;
  for (const auto& drop : drops) {
    if (drop.uidl.empty()) return fmt::format("the server gives no UIDL for message {}", drop.number);
    if (!is_fit(drop.uidl)) {
      return fmt::format("the server gives message {} the UIDL \"{}\" ({} bytes)", drop.number,
                         printable(drop.uidl, 60), drop.uidl.size());
    }
    all_are_numbers = all_are_numbers && drop.uidl == std::to_string(drop.number);
  }
  std::vector<std::uint32_t> sorted(drops.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::stable_sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return drops[a].uidl < drops[b].uidl; });
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                        [&](auto a, auto b) { return drops[a].uidl == drops[b].uidl; });
  if (twice != sorted.end()) {
    return fmt::format("the server gives messages {} and {} the same UIDL \"{}\"", drops[*twice].number,
                       drops[*std::next(twice)].number, printable(drops[*twice].uidl, 60));
  }
  return all_are_numbers ? "the server's UIDLs are the message numbers, which change with every deletion" : "";
}

}  // namespace

Pop3Listing pop3_listing(pop3::Session& session, std::optional<pop3::Listing> heard) {
  auto listing = heard ? std::move(*heard) : session.list();
  const auto promised = listing.stat.messages;
  if (promised && listing.drops.size() < *promised) listing = session.list();
  Pop3Listing out{std::move(listing.drops), {}, {}};
  if (promised && out.drops.size() < *promised) {
    out.incomplete = fmt::format("listing incomplete: STAT says {} messages, UIDL and LIST gave {}, twice", *promised,
                                 out.drops.size());
  }
  if (!out.drops.empty()) out.unsound = flaw(session, out.drops);
  if (!out.unsound.empty()) {
    for (auto& drop : out.drops) drop.uidl.clear();
  }
  return out;
}

}  // namespace postferry::endpoints
