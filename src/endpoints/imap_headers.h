#pragma once

#include <functional>
#include <string>

#include <postferry/imap/session.h>
#include <postferry/mail/digester.h>

namespace postferry::endpoints {

// Header blocks, each digested and handed on when it is whole.
class ImapHeaders final : public imap::Bodies {
 public:
  explicit ImapHeaders(std::function<void(imap::Uid, const mail::HeaderDigests&)> found)
      : found_(std::move(found)) {}

  void begin(const imap::Fetched&, std::uint64_t) override { block_.clear(); }
  void bytes(Bytes part) override {
    if (block_.size() <= largest) block_ += as_text(part);
  }
  void end(const imap::Fetched& items) override {
    if (block_.size() <= largest) found_(items.uid, mail::header_digests(as_bytes(block_)));
  }

 private:
  // No header block of a real message is larger; what is counts as not recognised.
  static constexpr std::size_t largest = 1u << 20;

  const std::function<void(imap::Uid, const mail::HeaderDigests&)> found_;
  std::string block_;
};

}  // namespace postferry::endpoints
