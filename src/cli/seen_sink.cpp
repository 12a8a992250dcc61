#include "seen_sink.h"

#include <utility>

namespace postferry::cli {
namespace {

class SeenWriter final : public mail::FolderWriter {
 public:
  explicit SeenWriter(std::unique_ptr<mail::FolderWriter> below) : below_(std::move(below)) {}

  void write(mail::Message message) override {
    message.meta.flags.seen = true;
    below_->write(std::move(message));
  }
  void keep(const mail::Known& known) override { below_->keep(known); }
  void span_done(mail::Span span) override { below_->span_done(span); }
  void idle() override { below_->idle(); }
  void finish() override { below_->finish(); }

 private:
  const std::unique_ptr<mail::FolderWriter> below_;
};

}  // namespace

std::unique_ptr<mail::FolderWriter> SeenSink::open(const mail::Folder& folder, const mail::FolderState& state,
                                                   mail::Receipts& receipts, std::stop_token stop) {
  return std::make_unique<SeenWriter>(sink_.open(folder, state, receipts, std::move(stop)));
}

}  // namespace postferry::cli
