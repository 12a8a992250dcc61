#include "imap_pages.h"

#include <algorithm>

namespace postferry::endpoints {

ImapPages::ImapPages(std::uint32_t exists, imap::Uid end, std::vector<imap::Uid> borders)
    : ends_(std::move(borders)) {
  counts_.assign(ends_.size(), ImapPage::messages);
  const auto counted = static_cast<std::uint64_t>(counts_.size()) * ImapPage::messages;
  // Without borders a large folder is one place whose parts cannot be counted; a small one needs none.
  if (exists > counted) {
    // A UIDNEXT that leaves no room for what EXISTS says is wrong: then everything there is counts.
    const bool room = end > (ends_.empty() ? 0 : ends_.back()) + 1ull;
    ends_.push_back(room ? end - 1 : mail::Span{}.last);
    counts_.push_back(static_cast<std::uint32_t>(exists - counted));
  }
}

std::deque<ImapPage> ImapPages::cut(mail::Span span) const {
  std::deque<ImapPage> out;
  const auto put = [&](imap::Uid first, imap::Uid last, std::optional<std::size_t> place) {
    out.push_back({{first, last}, place});
  };
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const mail::Span place{i == 0 ? 1 : ends_[i - 1] + 1, ends_[i]};
    const mail::Span part{std::max(place.first, span.first), std::min(place.last, span.last)};
    if (part.first > part.last) continue;
    if (counts_[i] <= 2 * ImapPage::messages) {
      put(part.first, part.last, part == place ? std::optional(i) : std::nullopt);
      continue;
    }
    // The server would not say where every thousandth message is: by density, and counted twice.
    const auto width = std::max<std::uint64_t>(
        1, std::uint64_t{ImapPage::messages} * (place.last - place.first + 1ull) / counts_[i]);
    for (std::uint64_t first = part.first; first <= part.last; first += width) {
      put(static_cast<imap::Uid>(first),
          static_cast<imap::Uid>(std::min<std::uint64_t>(first + width - 1, part.last)), std::nullopt);
    }
  }
  return out;
}

void ImapPages::expunged(std::uint32_t sequence) {
  std::uint64_t before = 0;
  for (auto& count : counts_) {
    before += count;
    if (sequence > before) continue;
    --count;
    return;
  }  // beyond all: a message that came after EXAMINE
}

std::optional<std::uint32_t> ImapPages::expected(const ImapPage& page) const {
  if (!page.place) return std::nullopt;
  return counts_[*page.place];
}

}  // namespace postferry::endpoints
