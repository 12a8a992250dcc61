#pragma once

#include <functional>
#include <string>

#include <postferry/imap/session.h>
#include <postferry/mail/digester.h>

#include "mbsync_mark.h"

namespace postferry::endpoints {

// Header blocks, each digested and handed on when it is whole.
class ImapHeaders final : public imap::Bodies {
 public:
  using Found = std::function<void(imap::Uid, const mail::HeaderDigests&)>;

  // `before_mark`, if given, hears of those that mbsync has marked what they were, ahead of `found`.
  explicit ImapHeaders(Found found, Found before_mark = {})
      : found_(std::move(found)), before_mark_(std::move(before_mark)) {}

  void begin(const imap::Fetched&, std::uint64_t) override { block_.clear(); }
  void bytes(Bytes part) override {
    if (block_.size() <= largest) block_ += as_text(part);
  }
  void end(const imap::Fetched& items) override {
    if (block_.size() > largest) return;
    if (before_mark_) {
      if (const auto plain = without_mbsync_mark(block_)) {
        before_mark_(items.uid, mail::header_digests(as_bytes(*plain)));
      }
    }
    found_(items.uid, mail::header_digests(as_bytes(block_)));
  }

 private:
  // No header block of a real message is larger; what is counts as not recognised.
  static constexpr std::size_t largest = 1u << 20;

  const Found found_, before_mark_;
  std::string block_;
};

}  // namespace postferry::endpoints
