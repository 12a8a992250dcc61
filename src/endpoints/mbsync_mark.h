#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/mail/digester.h>

namespace postferry::endpoints {

// mbsync puts a field of its own, X-TUID, into what it copies, in place of the first one that is there
// already, else behind the header. Such a copy is the message all the same.

// The header block without it; nothing if it has none. What follows the block may follow in `block`, too,
// where the empty line is in it.
std::optional<std::string> without_mbsync_mark(std::string_view block);

// Digests a body as it was before mbsync marked it. Memory: its header block, at most 1 MiB.
class OriginalDigest {
 public:
  void update(Bytes part);
  std::optional<mail::Digests> finish();                          // nothing if it has no mark
  bool may_be_marked() const { return in_header_ || digester_; }  // false: finish() will say nothing

 private:
  void header_ended(std::size_t end);

  std::string header_;
  bool in_header_ = true;
  std::optional<mail::Digester> digester_;  // once a mark was found
};

}  // namespace postferry::endpoints
