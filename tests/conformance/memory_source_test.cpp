#include "conformance/source_suite.h"
#include "support/memory_mail.h"

namespace postferry::conformance {
namespace {

// Keeps the account beside the source that reads it.
class Filled final : public mail::MailSource {
 public:
  Filled(const Mailbox& mailbox, ByteBudget& budget) : source_(account_, {}, &budget) {
    for (const auto& [name, messages] : mailbox) {
      auto& folder = account_.folder(name);
      for (const auto& message : messages) folder.add(message.text, message.flags);
    }
  }
  mail::SourceTraits traits() const override { return source_.traits(); }
  std::vector<mail::Folder> folders(std::stop_token stop) override { return source_.folders(stop); }
  std::vector<mail::Span> cut(const mail::Folder& folder, unsigned pieces, std::stop_token stop) override {
    return source_.cut(folder, pieces, stop);
  }
  std::unique_ptr<mail::FolderReader> open(const mail::Folder& folder, std::stop_token stop) override {
    return source_.open(folder, stop);
  }

 private:
  test::MemoryAccount account_;
  test::MemorySource source_;
};

SourceKind memory() {
  return {"Memory", [](const Mailbox& mailbox, ByteBudget& budget) -> std::unique_ptr<mail::MailSource> {
            return std::make_unique<Filled>(mailbox, budget);
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, SourceSuite, testing::Values(memory()), name_of);

}  // namespace
}  // namespace postferry::conformance
