#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <postferry/mail/destination.h>

#include "patience.h"

namespace postferry::engine {

// One lane's session into a destination folder: opened when it is needed, opened anew when it was lost or given
// back. One thread.
class PushSession {
 public:
  // `waits` ends the waiting between two attempts, `work` what a session is about.
  PushSession(mail::Destination& destination, mail::FolderPath path, mail::Opening how, std::string name,
              Patience& patience, std::stop_token waits, std::stop_token work)
      : destination_(destination),
        path_(std::move(path)),
        how_(how),
        name_(std::move(name)),
        patience_(patience),
        waits_(std::move(waits)),
        work_(std::move(work)) {}

  // From here on a folder that comes back under another UIDVALIDITY is another one: Error{protocol, folder,
  // never}.
  void expect(std::string epoch) { epoch_ = std::move(epoch); }

  // Does `act` on the folder, again after a lost session; it must bear being begun anew. Throws GivenUp or
  // Cancelled when patience ends.
  template <class Act>
  auto run(Act&& act) {
    return persist(patience_, waits_, [&] { return once(act); });
  }
  // The same without a second attempt.
  template <class Act>
  auto once(Act&& act) {
    try {
      open();
      return act(*folder_);
    } catch (const Error& error) {
      if (error.blast >= Blast::session) folder_.reset();
      throw;
    }
  }

  mail::FolderState look() {  // SELECT, or NOOP: what is there now
    state_ = folder_->begin();
    check(state_);
    return state_;
  }
  const mail::FolderState& state() const { return state_; }  // as of the last look; the session was opened by one
  mail::DestinationFolder* folder() { return folder_.get(); }
  void drop() { folder_.reset(); }

  // There may be more lanes than sessions, and who holds `mutex` may be waiting for one: nobody waits for him
  // with a session in hand.
  std::unique_lock<std::mutex> lock(std::mutex& mutex) {
    std::unique_lock mine(mutex, std::try_to_lock);
    if (mine) return mine;
    drop();
    mine.lock();
    return mine;
  }

 private:
  void open() {
    if (folder_) return;
    folder_ = destination_.open(path_, how_, work_);
    try {
      look();
    } catch (...) {
      folder_.reset();
      throw;
    }
  }
  void check(const mail::FolderState& now) const {
    if (epoch_.empty() || now.epoch == epoch_) return;
    throw Error(Cause::protocol, Blast::folder, Retry::never,
                name_ + ": was replaced while it was written (UIDVALIDITY " + epoch_ + " became " +
                    now.epoch + "); the next run looks at what is there");
  }

  mail::Destination& destination_;
  const mail::FolderPath path_;
  const mail::Opening how_;
  const std::string name_;
  Patience& patience_;
  const std::stop_token waits_, work_;
  std::string epoch_;
  std::unique_ptr<mail::DestinationFolder> folder_;
  mail::FolderState state_;
};

}  // namespace postferry::engine
