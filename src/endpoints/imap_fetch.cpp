#include "imap_fetch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace postferry::endpoints {
namespace {

// Quirk 9: what Exchange gives instead of a message that it cannot convert.
bool is_exchange_stub(const mail::Headline& headline) {
  return headline.from.find("Microsoft Exchange") != std::string::npos &&
         headline.subject.starts_with("Retrieval using the IMAP4 protocol failed");
}

void complete(mail::Meta& meta, const imap::Fetched& items) {
  if (items.size) meta.size = items.size;
  if (items.has_flags) meta.flags = items.flags;  // newer than the listing's
  if (items.internal_date) meta.received = items.internal_date;
  if (!items.labels.empty()) meta.labels = items.labels;
  if (!items.global_id.empty()) meta.global_id = items.global_id;
}

}  // namespace

mail::Meta meta_of(const imap::Fetched& items, const std::string& epoch) {
  mail::Meta meta;
  meta.ref = {epoch, items.uid, {}};
  complete(meta, items);
  return meta;
}

ImapFetch::ImapFetch(const Tools& tools, std::stop_token stop)
    : tools_(tools), stop_(std::move(stop)), spool_(tools.work_folder), digester_(std::in_place) {}

void ImapFetch::expect(Wanted wanted, Deliver deliver, std::function<void(const std::string&)> note) {
  wanted_ = std::move(wanted);
  deliver_ = std::move(deliver);
  note_ = std::move(note);
}

void ImapFetch::forget() {
  if (open_) digester_.emplace();
  open_ = false;
  spool_.discard();
  lease_ = {};
}

void ImapFetch::begin(const imap::Fetched& before, std::uint64_t size) {
  forget();
  size_ = 0;
  skipped_ = before.uid != 0 && wanted_(before, false) == nullptr;
  if (skipped_) return;
  lease_ = tools_.budget.take(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, mail::Spool::memory_limit)), stop_);
  spool_.expect(size);
  open_ = true;
}

void ImapFetch::bytes(Bytes part) {
  if (skipped_) return;
  size_ += part.size();
  spool_.append(part);
  digester_->update(part);
}

void ImapFetch::end(const imap::Fetched& items) {
  if (skipped_ || !open_) return;
  const auto* wanted = wanted_(items, true);
  if (wanted == nullptr) return forget();
  open_ = false;
  mail::Message message;
  message.digests = digester_->finish();
  message.meta = *wanted;
  complete(message.meta, items);
  if (!good(items.uid, message.meta.size, message.digests)) return forget();
  message.body = spool_.finish();
  message.lease = std::move(lease_);
  lease_ = {};
  doubts_.erase(items.uid);
  deliver_(std::move(message));
}

bool ImapFetch::good(imap::Uid uid, std::optional<std::uint64_t> claimed, const mail::Digests& digests) {
  if (is_exchange_stub(digests.headline)) {
    auto& doubt = doubts_[uid];
    doubt.verdict =
        "the server cannot convert this message and sent a notice instead (\"Retrieval using the IMAP4 "
        "protocol failed\")";
    doubt.headline = digests.headline;
    return false;
  }
  if (!claimed || *claimed == size_) return true;
  if (size_ == 0) {  // quirk 24
    auto& doubt = doubts_[uid];
    if (++doubt.times > 1) doubt.verdict = fmt::format("the server says {} bytes and sends none", *claimed);
    return false;
  }
  return sizes_are_lies() || confirmed(uid, *claimed, digests);
}

// Quirks 1 to 3: a wrong RFC822.SIZE proves neither damage nor health. Equal bytes, fetched twice, are the
// message.
bool ImapFetch::confirmed(imap::Uid uid, std::uint64_t claimed, const mail::Digests& digests) {
  auto& doubt = doubts_[uid];
  const bool equal = doubt.times > 0 && doubt.content == digests.content;
  if (equal) {
    if (lies_++ == 0) {
      note_(
          fmt::format("the server announces wrong sizes (uid {}: {} bytes, and {} came, twice the same): "
                      "what came counts",
                      uid, claimed, size_));
    }
    return true;
  }
  doubt.content = digests.content;
  doubt.size = size_;
  doubt.headline = digests.headline;
  if (++doubt.times >= 3) {
    doubt.verdict = fmt::format(
        "the server says {} bytes and sends something else each time, {} bytes at last", claimed, size_);
  }
  return false;
}

const ImapFetch::Doubt* ImapFetch::doubt(imap::Uid uid) const {
  const auto it = doubts_.find(uid);
  return it == doubts_.end() ? nullptr : &it->second;
}

}  // namespace postferry::endpoints
