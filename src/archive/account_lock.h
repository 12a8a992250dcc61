#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <postferry/archive/blob_store.h>
#include <postferry/base/ports.h>
#include <postferry/mail/message.h>

#include "process_identity.h"

namespace postferry::archive {

// What a lock file says (FORMAT.md, Locks).
struct LockRecord {
  enum class Mode { shared, exclusive };
  Mode mode = Mode::shared;
  mail::AccountId account;   // of a shared one
  ProcessIdentity owner;
  std::chrono::sys_seconds started;
};

std::string write_lock(const LockRecord& lock);
// Nothing if it is no lock of ours; such a file is taken for an exclusive lock by who must be careful.
std::optional<LockRecord> read_lock(std::string_view bytes);

// A backup's shared lock for its account: two accounts at once are fine, the same one twice is not. Created, then all locks
// are listed: if another one forbids it, ours is withdrawn, and Error{locked, run, later} names who holds it. Renewed under a
// new name every five minutes by whoever calls renew(): put(), keep() and the others of a run do, there is no thread for it.
// A lock of a run that is surely dead, or that has been seen unchanged for an hour of our own monotonic clock (also by
// runs before this one), is removed. One thread, or a lock around it. The destructor withdraws it.
class AccountLock {
 public:
  // `sightings`: where the first sight of foreign locks is noted ("tmp" of the archive).
  AccountLock(BlobStore& store, Files& files, Clock& clock, std::filesystem::path sightings, mail::AccountId account);
  ~AccountLock();
  AccountLock(const AccountLock&) = delete;
  AccountLock& operator=(const AccountLock&) = delete;

  void renew_if_due();
  bool is_still_there() const;

 private:
  std::string publish();
  void refuse_others();
  bool is_stale(const std::string& name, const std::optional<LockRecord>& lock);
  bool seen_unchanged_for_long(const std::string& name);
  void forget_sightings();

  BlobStore& store_;
  Files& files_;
  Clock& clock_;
  const std::filesystem::path sightings_;
  LockRecord record_;
  std::string name_;
  std::chrono::steady_clock::time_point renewed_;
};

}  // namespace postferry::archive
