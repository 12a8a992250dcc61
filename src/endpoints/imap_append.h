#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <postferry/imap/session.h>
#include <postferry/mail/destination.h>

#include "refused_keywords.h"

namespace postferry::endpoints {

// Gets a batch answered: as it is; what is refused alone once more, as this server will have it, with the
// line end that it misses, or without its keywords (each of them is tried by STORE afterwards). One batch.
class ImapAppend final : public imap::Appends {
 public:
  // What lies in the folder from `mark` on is looked at along the way, unless it is 0.
  ImapAppend(imap::Session& session, std::string wire_name, std::uint32_t uidvalidity, imap::Uid mark,
             RefusedKeywords& refused_keywords)
      : session_(session),
        wire_name_(std::move(wire_name)),
        uidvalidity_(uidvalidity),
        mark_(mark),
        refused_keywords_(refused_keywords) {}

  // Moves every message that is answered out of `batch`. Those left there when it throws are in doubt.
  void run(std::span<std::optional<mail::Outgoing>> batch, mail::Answers& answers);

  void appended(std::size_t index, const imap::Appended& where) override;
  void refused(std::size_t index, const Error& why, imap::Fault fault) override;
  void put_off(std::size_t index) override { answers_->put_off(take(index)); }
  void seen(const imap::Fetched& items) override;

 private:
  struct Again {
    std::size_t index;
    Error why;
    imap::Fault fault;
  };

  void drop_refused_keywords(mail::Outgoing& outgoing);
  void once_more(const Again& again);
  void without_keywords(std::size_t index, std::set<std::string> keywords, imap::Fault fault,
                        const imap::Appended& where);
  bool store(imap::Uid uid, const std::string& keyword);
  std::optional<std::uint32_t> number(const imap::Appended& where) const;
  mail::Outgoing take(std::size_t index);

  imap::Session& session_;
  const std::string wire_name_;
  const std::uint32_t uidvalidity_;
  const imap::Uid mark_;
  RefusedKeywords& refused_keywords_;
  std::span<std::optional<mail::Outgoing>> batch_;
  mail::Answers* answers_ = nullptr;
  std::vector<Again> again_;
};

}  // namespace postferry::endpoints
