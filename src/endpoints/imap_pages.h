#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include <postferry/imap/session.h>
#include <postferry/mail/message.h>

namespace postferry::endpoints {

// A stretch of UIDs of about a thousand messages, and what it must hold.
struct ImapPage {
  static constexpr std::uint32_t messages = 1000;

  mail::Span uids;
  std::optional<std::size_t> place;  // in ImapPages; none: nobody knows how many there must be
  bool must_list = false;            // its stream was not what EXISTS promised
};

// Cuts a folder into pages at the UIDs of every thousandth message, and knows from EXISTS how many messages
// each must show: the check of every listing. Sequence numbers only place the borders, the pages are ranges
// of UIDs and cover everything. EXPUNGE, which names a sequence number, takes one off the page it lies in.
class ImapPages {
 public:
  // `borders` as of imap::Session: at the sequence numbers 1000, 2000 ... of `exists`; empty if the server
  // was no help. `end` is the UIDNEXT that belongs to `exists`; what lies above belongs to the next run.
  ImapPages(std::uint32_t exists, imap::Uid end, std::vector<imap::Uid> borders);

  // Pages that together are `span`.
  std::deque<ImapPage> cut(mail::Span span) const;
  void expunged(std::uint32_t sequence);
  std::optional<std::uint32_t> expected(const ImapPage& page) const;

 private:
  std::vector<imap::Uid> ends_;        // the last UID of each place
  std::vector<std::uint32_t> counts_;  // messages in each place
};

}  // namespace postferry::endpoints
