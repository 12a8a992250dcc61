#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <postferry/imap/session.h>
#include <postferry/mail/source.h>

namespace postferry::endpoints {

// The messages of a few listed pages, and what is still to be done for each. Ascending UIDs.
class ImapItems {
 public:
  enum class Want : std::uint8_t { nothing, header, body };

  // `choices` is parallel to `metas`.
  void assign(std::vector<mail::Meta> metas, const std::vector<mail::Choice>& choices);
  void clear();
  bool empty() const { return metas_.empty(); }

  mail::Meta* find(imap::Uid uid);  // whatever is wanted of it
  Want want(imap::Uid uid);         // nothing for one that is not here
  void set(imap::Uid uid, Want want);
  std::vector<imap::Uid> wanting(Want want) const;
  std::vector<std::uint64_t> sizes(const std::vector<imap::Uid>& uids);  // 0 where unknown

 private:
  std::optional<std::size_t> place(imap::Uid uid);

  std::vector<mail::Meta> metas_;
  std::vector<Want> wants_;
  std::size_t hint_ = 0;  // where the last one was found
};

}  // namespace postferry::endpoints
