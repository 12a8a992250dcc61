#include "imap_listing.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include <postferry/base/error.h>

#include "imap_fetch.h"

namespace postferry::endpoints {
namespace {

std::uint32_t uid_of(const mail::Meta& meta) { return meta.ref.number; }

// Metas in the order of their UIDs, each once, however a server tells them.
class Listing {
 public:
  explicit Listing(const std::string& epoch) : epoch_(epoch) {}

  void add(const imap::Fetched& items) {
    if (metas_.empty() || uid_of(metas_.back()) < items.uid) {
      metas_.push_back(meta_of(items, epoch_));
      return;
    }
    const auto it =
        std::lower_bound(metas_.begin(), metas_.end(), items.uid,
                         [](const mail::Meta& meta, imap::Uid uid) { return uid_of(meta) < uid; });
    if (it == metas_.end() || uid_of(*it) != items.uid) {
      metas_.insert(it, meta_of(items, epoch_));
    } else if (items.size || items.internal_date) {
      *it = meta_of(items, epoch_);
    } else if (items.has_flags) {
      it->flags = items.flags;  // somebody changed them meanwhile
    }
  }

  std::uint32_t count(mail::Span span) const {
    const auto before = [](const mail::Meta& meta, imap::Uid uid) { return uid_of(meta) < uid; };
    const auto from = std::lower_bound(metas_.begin(), metas_.end(), span.first, before);
    const auto to =
        std::upper_bound(from, metas_.end(), span.last,
                         [](imap::Uid uid, const mail::Meta& meta) { return uid < uid_of(meta); });
    return static_cast<std::uint32_t>(to - from);
  }

  std::vector<mail::Meta> take() { return std::move(metas_); }

 private:
  const std::string& epoch_;
  std::vector<mail::Meta> metas_;
};

// fetch_meta or fetch_flags.
using Fetch = void (imap::Session::*)(std::span<const mail::Span>,
                                      const std::function<void(const imap::Fetched&)>&);

// Rounds in which something is expunged, before such a folder counts as one that cannot be listed.
constexpr unsigned most_rounds = 4;

Error incomplete(const ImapPage& page, std::uint32_t expected, std::uint32_t listed) {
  return {
      Cause::protocol, Blast::folder, Retry::never,
      fmt::format("listing incomplete: the server says that there are {} messages among the UIDs {} to {}, "
                  "and lists {} of them, twice",
                  expected, page.uids.first, page.uids.last, listed)};
}

ListedPages checked(imap::Session& session, Fetch fetch, ImapPages& counts, std::span<const ImapPage> pages,
                    const std::string& epoch) {
  for (unsigned round = 1;; ++round) {
    Listing listing(epoch);
    unsigned expunged = 0;
    const auto list = [&](std::span<const mail::Span> some) {
      (session.*fetch)(some, [&](const imap::Fetched& items) { listing.add(items); });
      expunged += note_expunged(session, counts);
    };
    // Against what there was before the round: of a message that is listed and then expunged, the count of
    // afterwards knows nothing, and it would stand for another that is missing.
    const ImapPages before = counts;
    const auto is_short = [&](const ImapPage& page) {
      return listing.count(page.uids) < before.expected(page).value_or(0);
    };
    std::vector<mail::Span> spans;
    for (const auto& page : pages) spans.push_back(page.uids);
    list(spans);

    if (std::any_of(pages.begin(), pages.end(), is_short)) {
      session.noop();  // what was expunged is told now
      expunged += note_expunged(session, counts);
      if (expunged > 0 && round < most_rounds) continue;
    }
    spans.clear();
    for (const auto& page : pages) {
      if (!page.place || is_short(page)) spans.push_back(page.uids);
    }
    if (!spans.empty()) list(spans);

    const auto lacking = std::find_if(pages.begin(), pages.end(), is_short);
    if (lacking == pages.end()) return {listing.take(), {}};
    if (expunged > 0 && round < most_rounds) continue;
    auto why = incomplete(*lacking, *before.expected(*lacking), listing.count(lacking->uids));
    return {listing.take(), std::move(why)};
  }
}

}  // namespace

unsigned note_expunged(imap::Session& session, ImapPages& counts) {
  const auto told = session.take_expunged();
  for (const auto sequence : told) counts.expunged(sequence);
  return static_cast<unsigned>(told.size());
}

ListedPages list_pages(imap::Session& session, ImapPages& counts, std::span<const ImapPage> pages,
                       const std::string& epoch) {
  return checked(session, &imap::Session::fetch_meta, counts, pages, epoch);
}

std::vector<mail::Meta> list_flags(imap::Session& session, ImapPages& counts, std::span<const ImapPage> pages,
                                   const std::string& epoch) {
  auto listed = checked(session, &imap::Session::fetch_flags, counts, pages, epoch);
  if (listed.incomplete) throw *listed.incomplete;
  return std::move(listed.metas);
}

std::vector<mail::Meta> list_flags(imap::Session& session, mail::Span span, const std::string& epoch) {
  Listing listing(epoch);
  session.fetch_flags(std::span(&span, 1), [&](const imap::Fetched& items) { listing.add(items); });
  return listing.take();
}

}  // namespace postferry::endpoints
