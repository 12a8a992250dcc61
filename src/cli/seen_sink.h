#pragma once

#include <postferry/mail/sink.h>

namespace postferry::cli {

// --seen, between a source that lists no flags (POP3) and a destination that has them: new mail arrives as read. `sink`
// outlives it.
class SeenSink final : public mail::MailSink {
 public:
  explicit SeenSink(mail::MailSink& sink) : sink_(sink) {}

  mail::SinkTraits traits() const override { return sink_.traits(); }
  void declare(const mail::Folder& folder, bool selected) override { sink_.declare(folder, selected); }
  void make_ready(const mail::Folder& folder) noexcept override { sink_.make_ready(folder); }
  void repeat(const mail::Folder& folder) override { sink_.repeat(folder); }
  std::unique_ptr<mail::FolderWriter> open(const mail::Folder& folder, const mail::FolderState& state,
                                           mail::Receipts& receipts, std::stop_token stop) override;
  void folder_done(const mail::Folder& folder, const mail::FolderState& state, const mail::FolderEnd& end) override {
    sink_.folder_done(folder, state, end);
  }
  void flush() override { sink_.flush(); }
  mail::RunId finish(const mail::RunRecord& record) override { return sink_.finish(record); }

 private:
  mail::MailSink& sink_;
};

}  // namespace postferry::cli
