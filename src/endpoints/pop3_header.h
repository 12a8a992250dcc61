#pragma once

#include <optional>
#include <string>

#include <postferry/mail/digester.h>
#include <postferry/pop3/session.h>

namespace postferry::endpoints {

// A header block as TOP gives it, collected; one after the other.
class Pop3HeaderText : public pop3::Bodies {
 public:
  void begin(const pop3::Drop&) override {
    text_.clear();
    whole_ = false;
  }
  void bytes(Bytes part) override {
    if (text_.size() <= limit) text_ += as_text(part);
  }
  void end(const pop3::Drop&) override { whole_ = text_.size() <= limit; }
  void refused(const pop3::Drop&, const std::string&) override {}

  // Nothing if it was refused, or is too large.
  std::optional<mail::HeaderDigests> digests() const {
    return whole_ ? std::optional(mail::header_digests(as_bytes(text_))) : std::nullopt;
  }

 private:
  static constexpr std::size_t limit = 4u << 20;  // beyond it the message is compared whole, or fetched

  std::string text_;
  bool whole_ = false;
};

}  // namespace postferry::endpoints
