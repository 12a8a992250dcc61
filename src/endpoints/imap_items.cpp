#include "imap_items.h"

#include <algorithm>

namespace postferry::endpoints {

void ImapItems::assign(std::vector<mail::Meta> metas, const std::vector<mail::Choice>& choices) {
  metas_ = std::move(metas);
  wants_.clear();
  for (const auto choice : choices) {
    wants_.push_back(choice == mail::Choice::leave            ? Want::nothing
                     : choice == mail::Choice::compare_header ? Want::header
                                                              : Want::body);
  }
  hint_ = 0;
}

void ImapItems::clear() {
  metas_.clear();
  wants_.clear();
}

std::optional<std::size_t> ImapItems::place(imap::Uid uid) {
  for (const auto near : {hint_, hint_ + 1}) {
    if (near < metas_.size() && metas_[near].ref.number == uid) return hint_ = near;
  }
  const auto it = std::lower_bound(metas_.begin(), metas_.end(), uid,
                                   [](const mail::Meta& meta, imap::Uid u) { return meta.ref.number < u; });
  if (it == metas_.end() || it->ref.number != uid) return std::nullopt;
  return hint_ = static_cast<std::size_t>(it - metas_.begin());
}

mail::Meta* ImapItems::find(imap::Uid uid) {
  const auto at = place(uid);
  return at ? &metas_[*at] : nullptr;
}

ImapItems::Want ImapItems::want(imap::Uid uid) {
  const auto at = place(uid);
  return at ? wants_[*at] : Want::nothing;
}

void ImapItems::set(imap::Uid uid, Want want) {
  if (const auto at = place(uid)) wants_[*at] = want;
}

std::vector<imap::Uid> ImapItems::wanting(Want want) const {
  std::vector<imap::Uid> out;
  for (std::size_t i = 0; i < metas_.size(); ++i) {
    if (wants_[i] == want) out.push_back(metas_[i].ref.number);
  }
  return out;
}

std::vector<std::uint64_t> ImapItems::sizes(const std::vector<imap::Uid>& uids) {
  std::vector<std::uint64_t> out;
  out.reserve(uids.size());
  for (const auto uid : uids) {
    const auto* meta = find(uid);
    out.push_back(meta != nullptr ? meta->size.value_or(0) : 0);
  }
  return out;
}

}  // namespace postferry::endpoints
