#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <postferry/mail/destination.h>

#include "support/memory_mail.h"
#include "support/step_counter.h"

namespace postferry::test {

// What a server that is written to does. Messages are named by a text that is in them; numbers are how often.
struct DestinationRules {
  bool uidplus = true;      // tells the number of what was appended
  bool multiappend = true;  // a batch is stored whole or not at all
  bool tells_seen = true;   // what lies in the folder after a batch
  bool read_only = false;
  bool rewrites = false;                            // adds a header field to everything
  bool munges = false;                              // writes X for each 8-bit byte of a header
  std::optional<std::set<std::string>> keywords{};  // those it takes; all, if not said
  std::set<std::string> refused_folders{};          // as whole names; a plain spelling is another one
  std::optional<std::uint64_t> quota{}, append_limit{};  // bytes
  std::map<std::string, unsigned> refuse{};              // NO
  std::map<std::string, unsigned> put_off{};             // NO for the moment, which is said of the whole account
  std::map<std::string, unsigned> lose_ok{};             // stored, and the session dies before the answer
  std::map<std::string, unsigned>
      stall{};  // the session dies; stored when somebody has looked into the folder twice since
  std::map<std::string, unsigned> kill{};  // the session dies; not stored
  // Before each step: "sign-in", "begin", "survey", "headers", "body", "append", "flags" ... May throw, or
  // change the account as another client would.
  std::function<void(const std::string& step, const std::string& folder)> before{};
  unsigned max_sessions = 4;  // who wants one more waits until one is given back
};

// A Destination over a MemoryAccount: UIDs that grow, MULTIAPPEND, answers that get lost. Keeps the contract
// of mail/destination.h; every side effect is a step.
class MemoryDestination final : public mail::Destination {
 public:
  MemoryDestination(MemoryAccount& account, DestinationRules rules, StepCounter* steps = nullptr);

  mail::DestinationTraits traits(std::stop_token stop) override;
  std::vector<mail::Folder> folders(std::stop_token stop) override;
  std::string wire_name(const mail::FolderPath& path) const override;
  mail::Ensured ensure(const mail::FolderPath& path, bool subscribe, std::stop_token stop) override;
  std::unique_ptr<mail::DestinationFolder> open(const mail::FolderPath& path, mail::Opening how,
                                                std::stop_token stop) override;

  std::uint64_t appends() const { return appends_; }  // messages that were handed over to it
  std::uint64_t batches() const { return batches_; }
  std::uint64_t bodies() const { return bodies_; }  // fetched
  std::uint64_t flag_changes() const { return flag_changes_; }

 private:
  class Session;
  void before(const std::string& step, const std::string& folder);
  void effect();
  MemoryFolder& existing(const std::string& name);
  void finish_stalled(const std::string& name);

  struct Stalled {
    std::string folder, text;
    mail::Flags flags;
    std::optional<mail::Received> date;
    unsigned openings = 0;
  };

  MemoryAccount& account_;
  DestinationRules rules_;
  StepCounter* const steps_;
  std::mutex mutex_;  // guards account_ and rules_
  std::vector<Stalled> stalled_;
  std::condition_variable_any given_back_;
  unsigned lent_ = 0;  // guarded by mutex_
  std::atomic<std::uint64_t> appends_{0}, batches_{0}, bodies_{0}, flag_changes_{0};
};

}  // namespace postferry::test
