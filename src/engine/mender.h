#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <postferry/mail/destination.h>

#include "repair.h"

namespace postferry::engine {

// A message that is being mended: what it was, and how far that has come.
struct Mending {
  mail::Digests original;
  std::optional<Error> first{};  // the refusal of the untouched message
  std::uint8_t altered = 0;      // mail::Settled::altered
  std::size_t next = 0;          // the step to try next, of `repairs`
};

// Takes refused messages one step of --repair further, by their tickets. One thread.
class Mender {
 public:
  // Only bytes can be mended: not a size, a quota, a folder that is closed.
  static bool may_help(const Error& why) {
    return why.blast == Blast::message && (why.cause == Cause::rejected || why.cause == Cause::network);
  }

  // Changes the body by the next step that does anything, and its digests with it. false: there is none left,
  // and the message is as it was, all its steps undone but for its body.
  bool mend(mail::Outgoing& outgoing, const Error& why);
  // One step alone, of a message that has not been sent yet.
  void mend_beforehand(mail::Outgoing& outgoing, Repair step);
  const Mending* find(std::uint64_t ticket) const;
  // Ends it: what it was, if it was mended at all.
  std::optional<Mending> take(std::uint64_t ticket);

 private:
  std::map<std::uint64_t, Mending> mended_;
};

// "NUL bytes removed, lines of more than 998 bytes folded"
std::string words_of(std::uint8_t altered);

}  // namespace postferry::engine
