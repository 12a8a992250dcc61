#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/byte_budget.h>
#include <postferry/base/ports.h>

namespace postferry::mail {

// "imap:user@host", "pop3:user@host" or what --as pinned (archive-format, Names and identities).
using AccountId = std::string;

// A folder's place, as UTF-8 words. Delimiters and modified UTF-7 stay in the adapters.
using FolderPath = std::vector<std::string>;

enum class Role { none, inbox, sent, drafts, trash, junk, archive, flagged, all };  // RFC 6154

// A folder is its wire name; the path is for people, and for a destination's own spelling.
struct Folder {
  std::string wire_name;  // raw bytes from the server; the identity
  FolderPath path;
  char delimiter = 0;
  Role role = Role::none;
  bool selectable = true, subscribed = false;
  std::string token;                      // empty: unknown. Equal to the last run's: nothing has changed (see ARCHITECTURE.md)
  std::uint64_t messages = 0, bytes = 0;  // estimates, for the plan
};

// What a folder was when it was opened, before anything was listed. The cursor of the next run.
struct FolderState {
  std::string epoch;                   // UIDVALIDITY; POP3: "pop3"
  std::uint32_t next = 0, exists = 0;  // UIDNEXT (0: the server did not say); EXISTS
  std::uint64_t highestmodseq = 0;     // 0: no CONDSTORE
  bool shows_part = false;             // there may be more than `exists`: the server shows a batch at a time, and each once
};

// UIDs or ordinals, both ends included. A lane is a span.
struct Span {
  std::uint32_t first = 1, last = 0xFFFFFFFF;
  bool contains(std::uint32_t n) const { return first <= n && n <= last; }
  bool operator==(const Span&) const = default;
};

// Every listed message is counted once. stored: settled in this run; held: settled before;
// vanished between listing and fetch (listed again to be sure) counts as skipped.
struct Balance {
  std::uint64_t listed = 0, stored = 0, held = 0, skipped = 0, failed = 0;
  bool adds_up() const { return listed == stored + held + skipped + failed; }
  Balance& operator+=(const Balance& o) {
    listed += o.listed, stored += o.stored, held += o.held, skipped += o.skipped, failed += o.failed;
    return *this;
  }
  bool operator==(const Balance&) const = default;
};

struct Flags {
  bool seen = false, answered = false, flagged = false, deleted = false, draft = false;
  std::set<std::string> keywords;
  bool operator==(const Flags&) const = default;
};

// Where a message lies at its source: opaque, comparable, stable while the epoch is.
// IMAP: epoch = UIDVALIDITY, number = UID. POP3: epoch "pop3", number = its place in this session's
// listing (a hint for people; the archive gives the lasting ordinal), uidl = the identity.
struct MessageRef {
  std::string epoch;
  std::uint32_t number = 0;
  std::string uidl;  // POP3 only
  bool operator==(const MessageRef&) const = default;
};

inline constexpr std::string_view pop3_epoch = "pop3";

// A POP3 message without a sound UIDL: its number means nothing in another session, where it may be another message's.
inline bool is_nameless(const MessageRef& ref) { return ref.epoch == pop3_epoch && ref.uidl.empty(); }

// INTERNALDATE: the instant, and the zone as the server wrote it (the archive keeps it).
struct Received {
  std::chrono::sys_seconds at;
  std::chrono::minutes zone{};
  bool operator==(const Received&) const = default;
};

// What can be learnt without the body.
struct Meta {
  MessageRef ref;
  std::optional<std::uint64_t> size;  // the server's word for it: a hint, never trusted; absent where it gave none
  Flags flags;
  std::optional<Received> received;
  std::vector<std::string> labels;  // X-GM-LABELS, UTF-8
  std::string global_id;            // X-GM-MSGID, OBJECTID: names the content across folders; may be empty
};

template <std::size_t N, class Tag>
struct DigestOf {
  std::array<std::byte, N> digest{};
  auto operator<=>(const DigestOf&) const = default;
};

// Names the exact bytes (SHA-256). The archive's key.
using ContentId = DigestOf<32, struct ContentTag>;

// Names the message whatever its line ends (SHA-256 over CRLF-canonical bytes; `canonical` v1 of
// FORMAT.md). Decides "the same message" between two servers.
using CanonicalId = DigestOf<32, struct CanonicalTag>;

// Finds candidates for "the same message", also where a server has touched the headers: hash of
// normalised Message-ID, Date, From and Subject (`key` v1). It proposes; the header hash, or CanonicalId of
// the fetched body, decides, one to one. A message without a usable Message-ID has none: no shortcut, but it
// is recognised by content like any other.
using MatchKey = DigestOf<16, struct MatchTag>;

// The first 16 bytes of the SHA-256 of the header block: evidence that costs no body.
using HeaderId = DigestOf<16, struct HeaderTag>;

// CanonicalId without the trace headers (`merge` v1): the same message that reached two accounts.
using MergeId = DigestOf<32, struct MergeTag>;

// The bytes of one message exactly as they came, readable any number of times.
// Small ones live in memory, larger ones in an unlinked temporary file (mail/spool.h).
class Body {
 public:
  virtual ~Body() = default;
  virtual std::uint64_t size() const = 0;
  virtual std::unique_ptr<ByteSource> open() const = 0;  // from the first byte, each time
  // The whole message where it lies in memory, else empty: saves the copy for the many small ones.
  virtual std::span<const std::byte> in_memory() const { return {}; }
};

// What a person knows a message by, decoded for display: UTF-8, controls removed, at most 160 bytes each.
struct Headline {
  std::string date, from, subject;
};

// Everything that is computed from the bytes of a message (mail/digester.h).
struct Digests {
  ContentId content;
  CanonicalId canonical;
  MergeId merge;
  HeaderId header;
  std::optional<MatchKey> match;
  Headline headline;
};

// A message on its way. Moves only.
struct Message {
  Meta meta;
  Digests digests;
  std::unique_ptr<Body> body;
  ByteBudget::Lease lease;
};

}  // namespace postferry::mail
