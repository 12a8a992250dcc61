#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/mail/message.h>

namespace postferry::mail {

// Computes every digest of one message in one pass, in memory that does not depend on its size
// (the header block is looked at line by line). The definitions are normative: src/archive/FORMAT.md.
// One thread; after finish() it may take the next message (its tables are kept).
class Digester {
 public:
  Digester();
  ~Digester();
  void update(Bytes bytes);
  Digests finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digests digests_of(Bytes whole_message);
Digests digests_of(const Body& body);

// HeaderId and MatchKey of a header block fetched alone (BODY.PEEK[HEADER], TOP n 0): equal to what a Digester
// finds in the whole message, with or without the empty line at the end.
struct HeaderDigests {
  HeaderId header;
  std::optional<MatchKey> match;
  Headline headline;
};
HeaderDigests header_digests(Bytes header_block);

}  // namespace postferry::mail
