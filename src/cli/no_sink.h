#pragma once

#include <memory>

#include <postferry/mail/ledger.h>
#include <postferry/mail/sink.h>

namespace postferry::cli {

// A plan is made for a sink and a ledger; these are never written to and know nothing.
class NoSink final : public mail::MailSink {
 public:
  mail::SinkTraits traits() const override {
    return {.idempotent = true, .max_message_size = {}, .max_sessions = 64};
  }
  void declare(const mail::Folder&, bool) override {}
  void repeat(const mail::Folder&) override {}
  std::unique_ptr<mail::FolderWriter> open(const mail::Folder&, const mail::FolderState&, mail::Receipts&,
                                           std::stop_token) override {
    return nullptr;
  }
  void folder_done(const mail::Folder&, const mail::FolderState&, const mail::FolderEnd&) override {}
  void flush() override {}
  mail::RunId finish(const mail::RunRecord&) override { return {}; }
};

class NoLedger final : public mail::Ledger {
 public:
  std::string token(const mail::Folder&) override { return {}; }
  std::uint64_t held_count(const mail::Folder&) override { return 0; }
  bool shrank(const mail::Folder&, const mail::FolderState&) override { return false; }
  std::unique_ptr<mail::LaneLedger> open(const mail::Folder&, mail::Span, const mail::FolderState&) override {
    return nullptr;  // a plan opens no lane
  }
};

}  // namespace postferry::cli
