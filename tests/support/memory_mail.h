#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <postferry/base/byte_budget.h>
#include <postferry/mail/ledger.h>
#include <postferry/mail/sink.h>
#include <postferry/mail/source.h>

#include "support/step_counter.h"

namespace postferry::test {

// A message with a Message-ID, a date and a subject made of `name`, and `body` below.
std::string mail_text(const std::string& name, const std::string& body = "hello");
// All of it; a body that is shorter or longer than it says fails the test.
std::string text_of(const mail::Body& body);

struct MemoryMessage {
  std::uint32_t uid = 0;
  std::string text;
  mail::Flags flags;
  std::optional<mail::Received> received;
  std::string global_id;
};

// A mailbox in memory: the state behind MemorySource and MemorySink. Changed between runs, or by a rule in
// one.
struct MemoryFolder {
  mail::Folder folder;
  std::uint32_t uidvalidity = 1, next = 1;
  std::uint64_t modseq = 1;
  std::vector<MemoryMessage> messages;

  std::uint32_t add(std::string text, mail::Flags flags = {});
  MemoryMessage* find(std::uint32_t uid);
  void expunge(std::uint32_t uid);
  void renew();  // a new UIDVALIDITY; the messages are numbered anew
};

struct MemoryAccount {
  std::vector<MemoryFolder> folders;
  MemoryFolder& folder(const std::string& name);  // made if it is not there
};

// What a server of ours does wrong. Empty: nothing.
struct SourceRules {
  std::size_t page_messages = 4;
  bool lists_flags = true;                           // false: flags come with a message that is fetched, as in POP3
  bool tokens = false;                               // folders() gives tokens, as a CONDSTORE server's would
  std::set<std::uint32_t> refused{};                 // NO to the body
  std::set<std::uint32_t> vanish{};                  // expunged between listing and body
  std::map<std::uint32_t, unsigned> lose_session{};  // dies at the body, that often
  std::set<std::uint32_t> swallowed{};               // a reader's bug: listed, and never heard of again
  std::set<std::uint32_t> hidden{};                  // not listed, though EXISTS counts them
  // Asked before every step: "list-folders", "sign-in", "begin", "page", "header", "body" ... with the folder
  // and the UID; may throw what the server makes of it.
  std::function<void(const std::string& step, const std::string& folder, std::uint32_t uid)> before{};
  unsigned max_sessions = 4;
};

// A MailSource over a MemoryAccount, which it never changes but by its releaser ("delete" is a step of each message). Keeps the contract of mail/source.h to the
// letter.
class MemorySource final : public mail::MailSource {
 public:
  MemorySource(MemoryAccount& account, SourceRules rules, ByteBudget* budget = nullptr);

  mail::SourceTraits traits() const override;
  std::vector<mail::Folder> folders(std::stop_token stop) override;
  std::vector<mail::Span> cut(const mail::Folder& folder, unsigned pieces, std::stop_token stop) override;
  std::unique_ptr<mail::FolderReader> open(const mail::Folder& folder, std::stop_token stop) override;
  std::unique_ptr<mail::Releaser> releaser(const mail::Folder& folder, std::stop_token stop) override;

  std::uint64_t bodies() const { return bodies_; }  // fetched so far
  unsigned most_sessions() const { return most_sessions_; }

 private:
  class Reader;
  class Eraser;
  void before(const std::string& step, const std::string& folder, std::uint32_t uid = 0);

  MemoryAccount& account_;
  SourceRules rules_;
  ByteBudget* const budget_;
  std::mutex mutex_;  // guards account_ and rules_
  std::atomic<std::uint64_t> bodies_{0};
  std::atomic<unsigned> sessions_{0}, most_sessions_{0};
};

}  // namespace postferry::test
