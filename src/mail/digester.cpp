#include <postferry/mail/digester.h>

#include <algorithm>

#include "canonical_hash.h"
#include "header_scanner.h"
#include "normalise.h"

#include <postferry/mail/body_pieces.h>
#include <postferry/mail/header_text.h>

namespace postferry::mail {
namespace {

HeaderId header_id(const codec::Digest& digest) {
  HeaderId out;
  std::copy_n(digest.begin(), out.digest.size(), out.digest.begin());
  return out;
}

Headline headline(const Fields& fields) {
  return {header_text(fields[Wanted::date]), header_text(fields[Wanted::from]),
          header_text(fields[Wanted::subject])};
}

}  // namespace

struct Digester::State {
  CanonicalHash whole{CanonicalHash::Exact::wanted};
  CanonicalHash merge{CanonicalHash::Exact::unwanted};  // while in the header, or if it had a trace field
  HeaderScanner header{&merge};
};

Digester::Digester() : state_(std::make_unique<State>()) {}
Digester::~Digester() = default;

void Digester::update(Bytes bytes) {
  auto& [whole, merge, header] = *state_;
  if (header.in_header()) {
    const auto taken = header.take(bytes);
    whole.update(bytes.first(taken));
    bytes = bytes.subspan(taken);
  }
  if (bytes.empty()) return;
  if (header.saw_trace()) {
    CanonicalHash::update_both(whole, merge, bytes);
  } else {
    whole.update(bytes);
  }
}

Digests Digester::finish() {
  auto& [whole, merge, header] = *state_;
  Digests out;
  out.header = header_id(header.finish());
  const auto of_all = whole.finish();
  const auto of_merge = merge.finish();
  out.content.digest = of_all.exact;
  out.canonical.digest = of_all.canonical;
  out.merge.digest = header.saw_trace() ? of_merge.canonical : of_all.canonical;
  out.match = match_key(header.fields());
  out.headline = headline(header.fields());
  header.reset();
  return out;
}

Digests digests_of(Bytes whole_message) {
  thread_local Digester digester;
  digester.update(whole_message);
  return digester.finish();
}

Digests digests_of(const Body& body) {
  Digester digester;
  each_piece(body, [&](Bytes piece) {
    digester.update(piece);
    return true;
  });
  return digester.finish();
}

HeaderDigests header_digests(Bytes header_block) {
  thread_local HeaderScanner scanner(nullptr);
  scanner.take(header_block);
  HeaderDigests out;
  out.header = header_id(scanner.finish());
  out.match = match_key(scanner.fields());
  out.headline = headline(scanner.fields());
  scanner.reset();
  return out;
}

}  // namespace postferry::mail
