#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <postferry/base/error.h>

#include "connection.h"
#include "imap_sign_in.h"

namespace postferry::endpoints {

// The signed-in sessions of one account: at most `most`, lent one at a time, kept warm in between, because
// signing in costs four round trips and opening the next folder one. Any thread.
class ImapPool {
 public:
  // A session that is lent. Destroyed without give_back(), it is hung up.
  class Lent {
   public:
    Lent() = default;
    Lent(ImapPool* pool, ImapLine line, bool warm) : pool_(pool), line_(std::move(line)), warm_(warm) {}
    Lent(Lent&& other) noexcept { *this = std::move(other); }
    Lent& operator=(Lent&& other) noexcept;
    ~Lent() { hang_up(); }

    explicit operator bool() const { return pool_ != nullptr; }
    imap::Session& operator*() const { return *line_.session; }
    imap::Session* operator->() const { return line_.session.get(); }
    bool warm() const { return warm_; }  // it has been used before, and may have been closed meanwhile

    // What SELECT answered, if the session was given back with this folder selected. Fresh: a moment ago, and no need to ask
    // whether it is still alive.
    struct Already {
      imap::Selected selected;
      bool is_fresh = false;
    };
    std::optional<Already> take_selected(const std::string& wire_name);
    // Given back next, for the next one that wants this folder.
    void keep_selected(const std::string& wire_name, const imap::Selected& selected);

    void give_back() noexcept;  // nothing is in flight, and it works
    void hang_up() noexcept;

   private:
    ImapPool* pool_ = nullptr;
    ImapLine line_;
    bool warm_ = false;
  };

  ImapPool(config::Account account, Secret secret, Tools tools, unsigned most);
  ~ImapPool();  // signs out; everything lent has come back

  // Does `act` on a session. One that lay idle may have died meanwhile: then on a new one.
  template <class Act>
  auto with_session(const std::stop_token& stop, Act act) {
    for (;;) {
      auto line = borrow(stop);
      try {
        auto out = act(*line);
        line.give_back();
        return out;
      } catch (const Error& error) {
        if (line.warm() && error.cause == Cause::network && error.blast == Blast::session) continue;
        if (error.blast < Blast::session) line.give_back();
        throw at_host(account_.host, error);
      }
    }
  }

  // Waits while all are lent; who waits longest is served first. Follows `stop` until it is given back. One that has
  // `wire_name` selected comes first, then the one that lay idle longest. Where the server puts another sign-in off while
  // some are lent, there are no more than those from then on.
  Lent borrow(std::stop_token stop, const std::string& wire_name = {});

  // From now on nobody is told that a session that lies idle has this folder selected.
  void forget_selected(const std::string& wire_name);

  std::size_t waiting();  // for a place, at this moment

  const config::Account& account() const { return account_; }
  const Tools& tools() const { return tools_; }
  unsigned most() const { return most_; }  // as it was wished for

 private:
  void take_back(bool is_one_too_many);  // the place of one whose sign-in failed

  const config::Account account_;
  const Secret secret_;
  const Tools tools_;
  const unsigned most_;
  std::mutex mutex_;
  unsigned allowed_;               // guarded by mutex_
  std::list<const void*> queue_;   // guarded by mutex_; who waits, in order
  std::condition_variable_any returned_;
  std::vector<ImapLine> idle_;  // guarded by mutex_; in the order in which they came back
  unsigned lent_ = 0;           // guarded by mutex_
};

// How many sessions an account may have: what the command line says, else the account, else four.
unsigned sessions_of(const config::Account& account, const Tools& tools);

}  // namespace postferry::endpoints
