#include <postferry/endpoints/archive_sink.h>

namespace postferry::endpoints {
namespace {

class ArchiveFolder final : public mail::FolderWriter {
 public:
  ArchiveFolder(archive::SnapshotWriter& writer, mail::Folder folder, mail::Receipts& receipts)
      : writer_(writer), folder_(std::move(folder)), receipts_(receipts) {}

  void write(mail::Message message) override { writer_.put(folder_, std::move(message), receipts_); }
  void keep(const mail::Known& known) override { writer_.keep(folder_, known); }
  void span_done(mail::Span span) override { writer_.span_done(folder_, span); }
  void idle() override {}    // packs fill up over all lanes, and age by themselves
  void finish() override {}  // receipts come when the pack is published

 private:
  archive::SnapshotWriter& writer_;
  const mail::Folder folder_;
  mail::Receipts& receipts_;
};

class ArchiveSink final : public mail::MailSink {
 public:
  explicit ArchiveSink(archive::SnapshotWriter& writer) : writer_(writer) {}

  mail::SinkTraits traits() const override { return {.idempotent = true, .max_message_size = {}, .max_sessions = 64}; }
  void declare(const mail::Folder& folder, bool selected) override { writer_.declare(folder, selected); }
  void repeat(const mail::Folder& folder) override { writer_.repeat(folder); }

  std::unique_ptr<mail::FolderWriter> open(const mail::Folder& folder, const mail::FolderState& state, mail::Receipts& receipts,
                                           std::stop_token) override {
    writer_.begin(folder, state);
    return std::make_unique<ArchiveFolder>(writer_, folder, receipts);
  }

  void folder_done(const mail::Folder& folder, const mail::FolderState& state, const mail::FolderEnd& end) override {
    writer_.folder_done(folder, state, end);
  }

  void flush() override { writer_.flush(); }

  mail::RunId finish(const mail::RunRecord& record) override {
    std::uint64_t unresolved = 0;
    return writer_.commit(record, unresolved).substr(0, 8);
  }

 private:
  archive::SnapshotWriter& writer_;
};

}  // namespace

std::unique_ptr<mail::MailSink> archive_sink(archive::SnapshotWriter& writer) { return std::make_unique<ArchiveSink>(writer); }

}  // namespace postferry::endpoints
