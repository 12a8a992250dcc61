#include "pop3_ordinals.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

#include "prefix_map.h"

namespace postferry::archive {
namespace {

struct PrefixHash {
  std::size_t operator()(const Prefix& prefix) const { return prefix[0] | std::size_t{prefix[1]} << 32U; }
};

// Content → the ordinals of the entries that nobody has claimed, in order.
using Unclaimed = std::unordered_map<Prefix, std::deque<std::uint32_t>, PrefixHash>;

Prefix name_of(const std::string& uidl) { return prefix_of(codec::Sha256::of(as_bytes(uidl))); }

PrefixMap<char> uidls_of(const EntrySpill& newcomers) {
  PrefixMap<char> out;
  for (std::size_t i = 0; i < newcomers.size(); ++i) out.add(name_of(newcomers.at(i).uidl), {});
  return out;
}

Unclaimed unclaimed(FolderDraft& draft, FolderPages& before, std::uint32_t& next) {
  Unclaimed out;
  const auto fetched = uidls_of(draft.newcomers);
  before.each(
      [&](const Entry& entry) {
        next = std::max(next, entry.number + 1);
        if (draft.entries.find(entry.number)) return;
        out[prefix_of(entry.content.digest)].push_back(entry.number);
        // fetched again, and it has come: what it was is the drop's no more
        if (!entry.uidl.empty() && fetched.contains(name_of(entry.uidl))) std::erase(draft.wanted_again, entry.number);
      },
      {});  // a damaged page is told when the folder is merged
  return out;
}

}  // namespace

std::uint32_t number_newcomers(FolderDraft& draft, FolderPages* before, std::uint32_t next) {
  next = std::max(next, std::uint32_t{1});
  draft.entries.sort();
  draft.newcomers.sort();
  Unclaimed free;
  if (before != nullptr) free = unclaimed(draft, *before, next);
  for (std::size_t i = 0; i < draft.newcomers.size(); ++i) {
    auto entry = draft.newcomers.at(i);
    const auto same = free.find(prefix_of(entry.content.digest));
    if (same != free.end() && !same->second.empty()) {
      entry.number = same->second.front();
      same->second.pop_front();
    } else {
      entry.number = next++;
    }
    draft.entries.add(entry);
  }
  draft.entries.sort();
  return next;
}

}  // namespace postferry::archive
