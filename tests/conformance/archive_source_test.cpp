#include <postferry/archive/archive.h>
#include <postferry/base/files.h>
#include <postferry/endpoints/archive_source.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "../unit/config/temp_folder.h"
#include "conformance/source_suite.h"

namespace postferry::conformance {
namespace {

class NoReceipts final : public mail::Receipts {
 public:
  void stored(const mail::MessageRef&, const mail::Placement&, std::uint64_t) override {}
  void refused(const mail::MessageRef&, const mail::Headline&, const Error& why) override { ADD_FAILURE() << why.what(); }
};

mail::Message message_of(const Given& given, std::uint32_t number) {
  mail::Message message;
  message.meta.ref = {"7", number, {}};
  message.meta.flags = given.flags;
  message.digests = mail::digests_of(as_bytes(given.text));
  message.body = mail::memory_body(given.text);
  return message;
}

// An archive with one backup in it, beside the source that reads it.
class Filled final : public mail::MailSource {
 public:
  Filled(const Mailbox& mailbox, ByteBudget& budget) {
    archive_ = archive::Archive::create(folder_.path() / "archive", codec::Codec::zstd, *files_, *clock_);
    back_up(mailbox);
    auto all = archive_->snapshots([](const Error& error) { ADD_FAILURE() << error.what(); });
    source_ = endpoints::archive_source(*archive_, all.back(), {.work_folder = folder_.path()}, budget);
  }
  mail::SourceTraits traits() const override { return source_->traits(); }
  std::vector<mail::Folder> folders(std::stop_token stop) override { return source_->folders(stop); }
  std::unique_ptr<mail::FolderReader> open(const mail::Folder& folder, std::stop_token stop) override {
    return source_->open(folder, stop);
  }

 private:
  void back_up(const Mailbox& mailbox) {
    NoReceipts receipts;
    const auto writer = archive_->begin({.account = "imap:me@example.org", .nickname = {}, .endpoint = {}, .start = {}});
    for (const auto& [name, messages] : mailbox) {
      mail::Folder folder;
      folder.wire_name = name;
      folder.path = {name};
      const auto count = static_cast<std::uint32_t>(messages.size());
      const mail::FolderState state{"7", count + 1, count, 0};
      writer->declare(folder, true);
      writer->begin(folder, state);
      for (std::uint32_t i = 0; i < count; ++i) writer->put(folder, message_of(messages[i], i + 1), receipts);
      writer->span_done(folder, {});
      writer->folder_done(folder, state, {.listed = true, .failed = 0, .problem = {}});
    }
    writer->flush();
    std::uint64_t unresolved = 0;
    writer->commit({.selection = {}, .start = {}, .end = {}, .balance = {}, .failures = {}, .complete = true}, unresolved);
    EXPECT_EQ(unresolved, 0u);
  }

  config::TempFolder folder_;
  std::unique_ptr<Files> files_ = disk_files();
  std::unique_ptr<Clock> clock_ = system_clock();
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<mail::MailSource> source_;
};

SourceKind archived() {
  return {"Archive", [](const Mailbox& mailbox, ByteBudget& budget) -> std::unique_ptr<mail::MailSource> {
            return std::make_unique<Filled>(mailbox, budget);
          }};
}

INSTANTIATE_TEST_SUITE_P(Archive, SourceSuite, testing::Values(archived()), name_of);

}  // namespace
}  // namespace postferry::conformance
