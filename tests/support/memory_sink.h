#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <postferry/mail/ledger.h>
#include <postferry/mail/sink.h>

namespace postferry::test {

// What a MemorySink does other than store. Called on the lane's thread; may throw.
struct SinkRules {
  std::function<void(const mail::Message& message)> before_write;
  std::function<void(const std::string& folder)> before_open;
  std::map<std::uint32_t, std::string> refuse;  // by number: refused with these words
  std::map<std::uint32_t, unsigned> receipts;   // by number: how many receipts are given; 1 unless told
  bool receipts_at_flush = false;               // as a pack gives them; else when the batch is sent
  std::size_t batch = 1;                        // messages held before they are sent
  unsigned max_sessions = 4;
};

struct SunkMessage {
  mail::MessageRef ref;
  std::string text;
  mail::Flags flags;
};

struct SunkFolder {
  std::vector<SunkMessage> stored;
  std::vector<mail::Known> kept;
  std::vector<mail::Span> spans;
  std::vector<mail::FolderEnd> ends;
  mail::FolderState state;
  unsigned opened = 0, finished = 0;
};

// A place to write to, in memory, and the ledger of what it holds. Checks its callers: what they must not do,
// they are told by an assertion of the test. Any thread, as the seams want it.
class MemorySink final : public mail::MailSink, public mail::Ledger {
 public:
  explicit MemorySink(SinkRules rules = {}) : rules_(std::move(rules)) {}

  mail::SinkTraits traits() const override { return {true, std::nullopt, rules_.max_sessions}; }
  void declare(const mail::Folder& folder, bool selected) override;
  void repeat(const mail::Folder& folder) override;
  std::unique_ptr<mail::FolderWriter> open(const mail::Folder& folder, const mail::FolderState& state,
                                           mail::Receipts& receipts, std::stop_token stop) override;
  void folder_done(const mail::Folder& folder, const mail::FolderState& state,
                   const mail::FolderEnd& end) override;
  void flush() override;
  mail::RunId finish(const mail::RunRecord& record) override;

  std::string token(const mail::Folder& folder) override;
  std::uint64_t held_count(const mail::Folder& folder) override;
  bool shrank(const mail::Folder& folder, const mail::FolderState& now) override;
  std::unique_ptr<mail::LaneLedger> open(const mail::Folder& folder, mail::Span span,
                                         const mail::FolderState& now) override;

  // What the next run believes: everything stored so far, and the tokens of folders that ended well.
  void begin_next_run();
  SinkRules& rules() { return rules_; }

  const SunkFolder& folder(const std::string& name) const { return folders_.at(name); }
  bool has(const std::string& name) const { return folders_.contains(name); }
  std::vector<std::string> texts(const std::string& name) const;  // sorted
  const std::map<std::string, bool>& declared() const { return declared_; }
  const std::vector<std::string>& repeated() const { return repeated_; }
  const std::vector<mail::RunRecord>& finished() const { return finished_; }
  unsigned flushes() const { return flushes_; }

 private:
  class Writer;
  class Lane;
  struct Held {
    mail::MessageRef ref;
    std::uint64_t size = 0;
    mail::Flags flags;
    mail::HeaderId header;
  };

  void store(const std::string& folder, mail::Message message, mail::Receipts& receipts);

  SinkRules rules_;
  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, SunkFolder> folders_;
  std::map<std::string, std::vector<Held>> held_, new_held_;
  std::map<std::string, std::string> tokens_, new_tokens_;
  std::map<std::string, bool> declared_;
  std::vector<std::string> repeated_;
  std::vector<std::function<void()>> due_;  // receipts that wait for flush()
  std::vector<mail::RunRecord> finished_;
  unsigned flushes_ = 0;
};

}  // namespace postferry::test
