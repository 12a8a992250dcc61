#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <postferry/mail/message.h>

namespace postferry::cli {

// One message of a comparison.
struct Item {
  std::size_t folder = 0;  // of the side it is on, for messages
  mail::Meta meta;
  mail::HeaderId header;
  std::optional<mail::MatchKey> key;
  std::optional<mail::CanonicalId> content;  // if its body was read
  mail::Headline headline;
};

struct Pairing {
  std::vector<std::pair<const Item*, const Item*>> same;   // of one content, as far as was looked
  std::vector<std::pair<const Item*, const Item*>> other;  // one message by its header or key, with another content
  std::vector<const Item*> only_a, only_b;
};

// One to one: two copies in A need two in B. Equal content first (without bodies: equal headers and sizes), among
// equals those with equal flags and dates; then, for the rest, what a header, a key or an origin (dates and sender)
// that is single on both sides proposes. Pure. The items outlive the pairing.
Pairing pair_up(const std::vector<Item>& a, const std::vector<Item>& b);

}  // namespace postferry::cli
