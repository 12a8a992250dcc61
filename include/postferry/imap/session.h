#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/mail/message.h>
#include <postferry/net/stream.h>

namespace postferry::imap {

using Uid = std::uint32_t;

struct Window {
  unsigned commands = 2;           // in flight at once; 1 for servers that cannot
  unsigned messages = 64;          // per UID FETCH
  std::uint64_t bytes = 8u << 20;  // per UID FETCH, by the sizes the server claims
};

struct Selected {
  std::uint32_t uidvalidity = 0;
  Uid uidnext = 0;
  std::uint32_t exists = 0;
  std::uint64_t highestmodseq = 0;
  bool read_only = false;
  std::vector<std::string> permanent_flags;
  bool new_keywords = false;  // "\*" among them
};

// The data items of one FETCH answer, whatever order they came in. What did not come is empty.
struct Fetched {
  std::uint32_t sequence = 0;
  Uid uid = 0;
  std::optional<std::uint64_t> size;
  mail::Flags flags;
  bool has_flags = false;
  std::optional<mail::Received> internal_date;
  std::vector<std::string> labels;
  std::string global_id;
};

// Receives bodies, on the caller's thread, in the server's order.
class Bodies {
 public:
  virtual ~Bodies() = default;
  // A message's literal begins; `size` is what the server announced. `before` has the items that came before it
  // (the UID may still be unknown: 0).
  virtual void begin(const Fetched& before, std::uint64_t size) = 0;
  virtual void bytes(Bytes part) = 0;
  // The whole FETCH answer has been read to its end and was well-formed: only now is the message good. `items` is
  // complete. A begin() without an end() (the session threw) was an illusion. no_body: the answer had NIL.
  virtual void end(const Fetched& items) = 0;
  virtual void no_body(const Fetched& items) = 0;
};

// Where a bulk fetch went wrong for single messages, after batches were halved down to them.
struct Refused {
  Uid uid = 0;
  std::string server_text;  // NO or BAD text; empty: the server said OK and sent nothing
};

struct ListOptions {
  bool with_status = true;   // LIST-STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ [SIZE]), or pipelined STATUS
};

struct Listed {
  mail::Folder folder;             // wire name, path decoded, delimiter, role, selectable, subscribed; token if complete
  bool has_status = false;
  std::uint32_t uidvalidity = 0, uidnext = 0, messages = 0;
  std::uint64_t highestmodseq = 0;
  std::string status_problem;      // the server refused STATUS of this one
};

// One connection to an IMAP server (RFC 3501, as RFC 9051 amends what is common). Synchronous outside, pipelined
// inside: a bulk verb keeps `window` commands on the wire and calls back on the caller's thread. One thread.
// If a callback throws, or any verb throws an Error wider than `folder`, the session is dead: close it, dial anew.
// No policy: never retries on its own account except halving a refused batch.
class Session {
 public:
  // Reads the greeting. BYE there is {throttled or network, endpoint, later}.
  Session(std::unique_ptr<net::Stream> stream, Window window);
  ~Session();

  bool preauth() const;
  // STARTTLS, then CAPABILITY again. Any byte that came in before the handshake, and PREAUTH where TLS is
  // required, is {protocol, endpoint, never}: somebody is in the line.
  void start_tls(const net::TlsPolicy& policy);
  // LOGIN or AUTHENTICATE PLAIN, whichever the server offers (SASL-IR used if it can). Refused: {auth, endpoint,
  // never} (AUTHENTICATIONFAILED, plain NO), or {later} for UNAVAILABLE, INUSE, LIMIT and the like.
  void login(std::string_view user, std::string_view secret, std::string_view authorize_as = {});
  void authenticate_xoauth2(std::string_view user, std::string_view token);
  void identify();  // ID (RFC 2971), where offered or harmless
  bool can(std::string_view capability) const;  // case-insensitive; capabilities of now

  std::vector<Listed> list(const ListOptions& options);
  // Raw bytes as LIST gave them. A folder that is gone: {missing, folder, never}.
  Selected examine(std::string_view wire_name);

  // UIDs at the sequence numbers k*step: page borders for one round trip. Empty where the server is no help.
  std::vector<Uid> borders(std::uint32_t exists, std::uint32_t step);

  // UID FETCH lo:hi (UID FLAGS INTERNALDATE RFC822.SIZE [X-GM-MSGID X-GM-LABELS] [EMAILID]); never ENVELOPE, never
  // BODYSTRUCTURE, never RFC822, never SEARCH. Answers outside the span are dropped.
  void fetch_meta(mail::Span uids, const std::function<void(const Fetched&)>& found);
  // BODY.PEEK[HEADER] of a few.
  std::vector<Refused> fetch_headers(std::span<const Uid> uids, Bodies& to);
  // The items of fetch_meta and BODY.PEEK[]; batches by count and bytes (`sizes` parallel to `uids`, 0 if unknown).
  // Ascending. Returns those that got no body, each asked for alone at the end.
  std::vector<Refused> fetch_bodies(std::span<const Uid> uids, std::span<const std::uint64_t> sizes, Bodies& to);
  // One stream without listing: nothing is held yet. Throws {rejected, folder, now} if the server refuses the
  // range, after what it did send; the caller lists and asks singly.
  void fetch_bodies(std::span<const mail::Span> ranges, Bodies& to);

  void noop();
  // EXISTS, and messages expunged, as seen since examine().
  std::uint32_t exists() const;
  std::uint64_t expunged() const;
  // The UID whose body was on the wire when the session died; 0: none.
  Uid in_flight() const;

  void logout() noexcept;  // BYE or not, at most two seconds
  void abort() noexcept;   // any thread

 private:
  struct Pipe;
  std::unique_ptr<Pipe> pipe_;
};

}  // namespace postferry::imap
