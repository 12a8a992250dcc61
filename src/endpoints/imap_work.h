#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "imap_fetch.h"
#include "imap_items.h"

namespace postferry::endpoints {

// Sees to it that each of some listed messages gets its one outcome. May be run again after a session was
// lost: it goes on with what has none yet. One thread.
class ImapWork {
 public:
  // `where`: the folder, for sentences.
  ImapWork(ImapFetch& fetch, std::string where) : fetch_(fetch), where_(std::move(where)) {}

  ImapItems& items() { return items_; }
  void run(imap::Session& session, mail::Chooser& choose, mail::Arrivals& to);

 private:
  struct Lost {
    imap::Uid uid;
    std::string why;
  };

  void compare_headers(imap::Session& session, mail::Chooser& choose);
  void bodies(imap::Session& session, const std::vector<imap::Uid>& uids, mail::Arrivals& to,
              std::vector<Lost>& lost);
  std::vector<imap::Uid> doubted() const;
  void give_up(imap::Session& session, const std::vector<Lost>& lost, mail::Arrivals& to);
  std::set<imap::Uid> still_there(imap::Session& session, const std::vector<Lost>& lost) const;
  std::map<imap::Uid, mail::Headline> headlines(imap::Session& session, const std::vector<imap::Uid>& uids);

  ImapFetch& fetch_;
  const std::string where_;
  ImapItems items_;
  std::set<imap::Uid> headline_tried_;  // asking again might cost another session
};

}  // namespace postferry::endpoints
