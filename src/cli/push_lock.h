#pragma once

#include <filesystem>
#include <string>

namespace postferry::cli {

// One run at a time puts mail into an account: two would take each other's unanswered messages for mail that was
// there before. A file beside the push ledger, locked for as long as the object lives; the kernel lets go of it
// when the process dies. Error{locked} if another run has it.
class PushLock {
 public:
  PushLock(const std::filesystem::path& folder, const std::string& account);
  ~PushLock();
  PushLock(const PushLock&) = delete;
  PushLock& operator=(const PushLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace postferry::cli
