#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/error.h>
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
  std::uint32_t uidvalidity = 0;  // 0: the server gave none that can be used
  Uid uidnext = 0;                // 0: the server did not say (quirk 40)
  std::uint32_t exists = 0;
  std::uint64_t highestmodseq = 0;
  bool read_only = false;
  std::vector<std::string> permanent_flags;
  bool new_keywords = false;  // "\*" among them
  bool told_flags = false;    // PERMANENTFLAGS came; without it every flag counts as lasting (RFC 3501, 7.1)
};

// Where the account's own folders lie (RFC 2342).
struct Namespace {
  std::string prefix;
  char delimiter = 0;  // 0: flat
};

// A message to be appended. Everything is borrowed until it is answered.
struct Append {
  const mail::Body* body = nullptr;
  const mail::Flags* flags = nullptr;
  std::optional<mail::Received> date;
  bool line_end = false;  // CR LF is sent behind the last byte
};

// Where it lies now: zeros where the server does not say (no UIDPLUS, or in spite of it: quirk 42).
struct Appended {
  std::uint32_t uidvalidity = 0;
  Uid uid = 0;
};

// What a refusal of APPEND finds fault with, as far as its words tell.
enum class Fault { message, size, flags, line_end };

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

// Receives the answers to APPEND, on the caller's thread; each message of a batch has at most one.
class Appends {
 public:
  virtual ~Appends() = default;
  virtual void appended(std::size_t index, const Appended& where) = 0;
  virtual void refused(std::size_t index, const Error& why, Fault fault) = 0;
  // Not stored, for a reason that is thrown next: said of what the server has answered with it, or was not sent because of
  // it.
  virtual void put_off(std::size_t index) { (void)index; }
  // A message that lies in the selected folder afterwards (UID, FLAGS, RFC822.SIZE); may be told more than once.
  virtual void seen(const Fetched& items) { (void)items; }
};

// Receives bodies, on the caller's thread, in the server's order.
class Bodies {
 public:
  virtual ~Bodies() = default;
  // A message's literal begins; `size` is what the server announced. `before` has the items that came before
  // it (the UID may still be unknown: 0).
  virtual void begin(const Fetched& before, std::uint64_t size) = 0;
  virtual void bytes(Bytes part) = 0;
  // The whole FETCH answer has been read to its end and was well-formed: only now is the message good.
  // `items` is complete. A begin() without an end() was an illusion: the session threw, or nobody asked for
  // that message.
  virtual void end(const Fetched& items) = 0;
  virtual void no_body(const Fetched& items) { (void)items; }  // the answer had NIL
};

// A message of a bulk fetch that got no body, though it was asked for alone at the end.
struct Refused {
  Uid uid = 0;
  std::string server_text;  // what the server said; empty: OK, and sent nothing
};

struct ListOptions {
  bool with_status = true;  // LIST-STATUS, or pipelined STATUS: MESSAGES UIDNEXT UIDVALIDITY [HIGHESTMODSEQ]
  bool with_size = false;   // SIZE among them, where the server can (RFC 8438)
};

struct Listed {
  mail::Folder folder;  // wire name, path decoded (without the namespace's prefix), delimiter, role,
                        // selectable, subscribed
  bool has_status = false;
  std::uint32_t uidvalidity = 0, uidnext = 0, messages = 0;
  std::uint64_t highestmodseq = 0;
  std::string status_problem;  // the server refused STATUS of this one
};

// Whether this can be a keyword at all (RFC 3501, flag-keyword).
bool is_keyword(std::string_view text);

// One connection to an IMAP server (RFC 3501, as RFC 9051 amends what is common). Synchronous outside,
// pipelined inside: a bulk verb keeps `window` commands on the wire and calls back on the caller's thread.
// One thread. If a callback throws, or any verb throws an Error wider than `folder`, the session is dead:
// close it, dial anew. No policy: never retries on its own account except halving a refused batch.
class Session {
 public:
  // Reads the greeting, and asks for the capabilities if it does not tell them. BYE there is {throttled or
  // network, endpoint, later}.
  Session(std::unique_ptr<net::Stream> stream, Window window);
  ~Session();

  bool preauth() const;
  // STARTTLS, then CAPABILITY again. Any byte that came in before the handshake, and PREAUTH where TLS is
  // required, is {protocol, endpoint, never}: somebody is in the line.
  void start_tls(const net::TlsPolicy& policy);
  // LOGIN or AUTHENTICATE PLAIN, whichever the server offers (SASL-IR used if it can). `authorize_as`: whose
  // mailbox is to be opened, if not that of `user`. Refused: {auth, endpoint, never} (AUTHENTICATIONFAILED,
  // plain NO), or {later} for UNAVAILABLE, INUSE, LIMIT and the like.
  void login(std::string_view user, std::string_view secret, std::string_view authorize_as = {});
  void authenticate_xoauth2(std::string_view user, std::string_view token);
  // ID (RFC 2971). Costs no round trip: nobody waits for the answer.
  void identify(std::string_view version);
  bool can(std::string_view capability) const;  // case-insensitive; capabilities of now

  std::vector<Listed> list(const ListOptions& options);
  // Raw bytes as LIST gave them. A folder that is gone: {missing, folder, never}.
  Selected examine(std::string_view wire_name);
  Selected select(std::string_view wire_name);  // the same, to be written to

  Namespace personal_namespace();
  // A folder that is there already is no error. A name that is refused: {rejected, folder, never}; a parent
  // that is not there: {missing, folder, never}.
  void create(std::string_view wire_name);
  void subscribe(std::string_view wire_name);
  // The same of many, several in flight, in the order given: which of them are there, or subscribed to, now. Why not, the
  // verbs for one tell.
  std::vector<bool> create(std::span<const std::string> wire_names);
  std::vector<bool> subscribe(std::span<const std::string> wire_names);
  // Which of these names the server calls impossible, there or not; asked by STATUS, so that nothing comes of it.
  std::vector<bool> impossible(std::span<const std::string> wire_names);
  // Bytes that still fit into this folder, by the narrowest of its quota roots (RFC 9208); nothing: no limit is
  // known.
  std::optional<std::uint64_t> quota_left(std::string_view wire_name);
  // The largest message that APPEND takes, in bytes (RFC 7889): the server's word, or this folder's own.
  std::optional<std::uint64_t> append_limit(std::string_view wire_name);

  // UIDs at the sequence numbers step, 2*step ... <= exists: page borders for one round trip. Empty where the
  // server is no help.
  std::vector<Uid> borders(std::uint32_t exists, std::uint32_t step);

  // UID FETCH first:last (UID FLAGS INTERNALDATE RFC822.SIZE [X-GM-MSGID X-GM-LABELS] [EMAILID]) for each
  // span, several in flight; never ENVELOPE, never BODYSTRUCTURE, never RFC822, never SEARCH. Answers outside
  // the spans are dropped; one UID may be told more than once (unsolicited flags). A refusal is {rejected,
  // folder, never}.
  void fetch_meta(std::span<const mail::Span> spans, const std::function<void(const Fetched&)>& found);
  // The same with UID, FLAGS and RFC822.SIZE alone.
  void fetch_flags(std::span<const mail::Span> spans, const std::function<void(const Fetched&)>& found);
  // The same of what lies in the selected folder from this UID on, NOOP before it in the same flight: a hint, as
  // Appends::seen() is.
  void glance(Uid from, const std::function<void(const Fetched&)>& found);
  // BODY.PEEK[HEADER].
  std::vector<Refused> fetch_headers(std::span<const Uid> uids, Bodies& to);
  // The items of fetch_meta and BODY.PEEK[]; batches by count and bytes (`sizes` parallel to `uids`, 0 if
  // unknown). `uids` ascend. Returns those that got no body. Each UID ends at most once.
  std::vector<Refused> fetch_bodies(std::span<const Uid> uids, std::span<const std::uint64_t> sizes,
                                    Bodies& to);
  // One stream without listing: nothing is held yet. `done` once for each span, `whole` if the server was
  // content; not whole: it refused, after what it did send; list that span, and ask singly.
  void fetch_bodies(std::span<const mail::Span> spans, Bodies& to,
                    const std::function<void(std::size_t span, bool whole)>& done);

  // Appends `batch` to a folder and returns when all of it is answered: by one MULTIAPPEND (RFC 3502) where the
  // server can, and if that is refused, one by one; else several APPENDs in flight where its literals do not
  // have to wait (RFC 7888). A refusal that concerns more than its message is thrown when what else was in
  // flight has been answered. Whatever is thrown: the messages not answered are in doubt, but for those whose
  // body could not be read, which are refused. With `look_from`, which asks for the folder to be the selected one, what
  // lies in it from that UID on is asked for in the same flight, as far as the server lets us: seen() is a hint, and
  // tells nothing of what it leaves out.
  void append(std::string_view wire_name, std::span<const Append> batch, Appends& answers, Uid look_from = 0);
  // UID STORE. Refused: {rejected, message, never}. A message that is gone is no error.
  void store_flags(Uid uid, const mail::Flags& add, const mail::Flags& remove);
  // Sets \Deleted, or takes it away. `uids` ascend, some hundred at most; refused as store_flags() is.
  void mark_deleted(std::span<const Uid> uids, bool deleted = true);
  // UID EXPUNGE (RFC 4315): these and no others. Asked only where can("UIDPLUS").
  void expunge(std::span<const Uid> uids);

  void noop();
  // Of the folder that was examined last, as told since: EXISTS of now; the sequence numbers of expunged
  // messages in the order told (each counts with those before it gone), once.
  std::uint32_t exists() const;
  std::vector<std::uint32_t> take_expunged();
  // The UID whose body was on the wire, or the first of the oldest command not answered, when the session
  // died; 0: none.
  Uid in_flight() const;

  void logout() noexcept;      // LOGOUT; its answer is not waited for, because nothing hangs on it
  void abort() noexcept;       // any thread

 private:
  struct State;
  friend class BulkFetch;
  friend class RangeFetch;
  friend class AppendRun;
  Selected open_folder(std::string_view verb, std::string_view wire_name);
  std::unique_ptr<State> state_;
};

}  // namespace postferry::imap
