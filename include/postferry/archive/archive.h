#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <postferry/archive/cache.h>
#include <postferry/base/ports.h>
#include <postferry/codec/compress.h>
#include <postferry/mail/ledger.h>
#include <postferry/mail/message.h>
#include <postferry/mail/sink.h>

namespace postferry::archive {

enum class Presence { present, released, gone };

// A line of a page: one message's membership in one folder (FORMAT.md, Pages).
struct Entry {
  std::uint32_t number = 0;   // UID; POP3: `n`, the ordinal of first sight
  std::string uidl;           // POP3
  std::optional<std::chrono::sys_seconds> first_seen;
  mail::ContentId content;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> server_size;  // if it differs
  std::optional<mail::Received> date;
  mail::Flags flags;
  std::vector<std::string> labels;
  std::string global_id;
  Presence presence = Presence::present;
  bool header_evidence = false;
  std::string unknown;        // members this version does not know, carried as they were
};

enum class How { listed, partial, carried, excluded };

struct FolderRecord {
  mail::Folder folder;        // path, wire name, role, selectable, subscribed, delimiter, token
  std::string uidvalidity;
  std::uint32_t uidnext = 0;
  std::uint64_t highestmodseq = 0;
  std::chrono::sys_seconds listed_at;
  How how = How::listed;
  std::vector<mail::Span> reached;  // partial
  bool complete = false, suspicious = false;
  std::uint64_t count = 0, bytes = 0;      // entries, of every presence, and the sum of their sizes
  std::uint64_t absent = 0;                // those of them that are released or gone
  std::vector<codec::Digest> shelves;
};

// Which packs were listed when a snapshot was written: with it, "has none of them vanished?" is one comparison. The pack
// that holds the snapshot's own bytes (if the run wrote one) is not among them: its name was not known yet.
struct PackList {
  std::uint64_t count = 0;
  codec::Digest digest{};                  // SHA-256 of their names in order, each followed by a line feed
  bool is_embedded = false;                // a further pack holds this snapshot's bytes, and was published just before it
};

struct Snapshot {
  std::string name;                        // relative path in the archive
  std::string id;                          // full SHA-256 (hex) of the file; people use its first 8 or more digits
  std::string account, nickname, endpoint;
  std::vector<std::string> selection;
  std::uint64_t seq = 0;
  std::string previous;
  std::chrono::sys_seconds start, end;
  std::string tool;
  bool complete = false;
  mail::Balance balance;
  std::vector<FolderRecord> folders;
  std::vector<mail::Failure> failures;
  std::uint64_t more_failures = 0;         // beyond those listed
  std::optional<PackList> packs;           // absent in what an older version wrote
};

// Reads one snapshot's contents. Any number of them; each one thread.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const Snapshot& snapshot() const = 0;
  // In order of number. A page or shelf that cannot be read: `missing` is told, the others are read all the same.
  virtual void entries(const FolderRecord& folder, const std::function<void(const Entry&)>& found,
                       const std::function<void(const Error&)>& missing) const = 0;
};

// What a backup may say of itself before the first message.
struct RunInfo {
  mail::AccountId account;
  std::string nickname, endpoint;          // endpoint: the URL, no secret
  std::chrono::sys_seconds start;
  bool keep_first_seen = false;            // the job deletes after days
  bool full = false;                       // --full: fetch again what is held by header evidence only
};

// Entries of one folder that get another presence.
struct Mark {
  std::string wire_name;
  std::vector<std::uint32_t> numbers;      // ascending
  Presence presence = Presence::released;
};

// One run of one account: the seam below endpoints/archive_sink. Many threads may put() and keep().
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;   // without commit(): abandons (the work folder stays, for salvage)
  // The last snapshot (and what was salvaged of killed runs) as the ledger of this backup.
  virtual mail::Ledger& ledger() = 0;
  virtual std::filesystem::path work_folder() const = 0;  // for spooled bodies: same disk, 0700, cleared at the end
  virtual void declare(const mail::Folder& folder, bool selected) = 0;
  virtual void repeat(const mail::Folder& folder) = 0;
  // A folder is going to be written: takes down its state (the first call counts, later lanes of it are no news).
  virtual void begin(const mail::Folder& folder, const mail::FolderState& state) = 0;
  virtual void put(const mail::Folder& folder, mail::Message message, mail::Receipts& receipts) = 0;
  virtual void keep(const mail::Folder& folder, const mail::Known& known) = 0;
  virtual void span_done(const mail::Folder& folder, mail::Span span) = 0;
  virtual void folder_done(const mail::Folder& folder, const mail::FolderState& state, const mail::FolderEnd& end) = 0;
  virtual void flush() = 0;              // publishes the open pack; all receipts given
  // Resolves every name first (FORMAT.md, Writing 3), then publishes the snapshot and clears the work folder.
  // Returns its id. What does not resolve is left out of the pages, makes its folder incomplete and is counted in
  // `unresolved` (the caller ends with 3).
  virtual std::string commit(const mail::RunRecord& record, std::uint64_t& unresolved) = 0;
  // What the last commit() counted, for who commits through a mail::MailSink.
  virtual std::uint64_t unresolved() const = 0;
  // What was published last. Only after commit().
  virtual const Snapshot& committed() const = 0;
  // After commit(): publishes a further snapshot, which differs from the last one in these marks alone. The folders lose
  // their token and HIGHESTMODSEQ, so that the next run lists them and what is marked wrongly is put right. Durable when it
  // returns. Error{damaged | missing ...} where a page cannot be read: nothing is published then.
  virtual void mark(std::span<const Mark> marks) = 0;
};

struct CheckOptions {
  bool read_data = false;
  double percent = 100;                           // --read-data-subset 5%
  std::optional<std::pair<unsigned, unsigned>> part;  // --read-data-subset n/t
};

struct Problem {
  bool is_error = true;      // false: a note (a foreign file, a trailer that was walked round)
  std::string where, what;   // where: pack, snapshot or file
  std::vector<std::string> messages;  // the mail it costs: "folder, date, from, subject"
};

struct CheckReport {
  std::uint64_t packs = 0, snapshots = 0, messages = 0, bytes_read = 0, messages_read = 0;
  std::uint64_t errors = 0;
};

struct ArchiveInfo {
  std::string id;            // from postferry.json
  std::string path;
  std::chrono::sys_seconds created;
  codec::Codec codec = codec::Codec::zstd;
};

// An archive (FORMAT.md). Opening takes no lock and needs no cache; a newer format is refused, an unknown word in
// `requires` means read-only. One object; any thread may read.
class Archive {
 public:
  virtual ~Archive() = default;
  // The folder must not exist, or be empty. Error{storage, run, never} names what is in the way.
  static std::unique_ptr<Archive> create(const std::filesystem::path& path, codec::Codec codec, Files& files, Clock& clock);
  // Error{config, run, never}: "PATH is not an archive ..."; {missing}: nothing there; {damaged}: its postferry.json.
  static std::unique_ptr<Archive> open(const std::filesystem::path& path, Files& files, Clock& clock);

  virtual ArchiveInfo info() const = 0;
  virtual void use(Cache* cache) = 0;           // not owned; validated on first need
  // Hears what a person should know and no error says: a damaged table that was walked round, an archive that was rolled
  // back, what was salvaged. Called from any thread, also during calls: it must not call back.
  virtual void listen(std::function<void(const std::string&)> note) = 0;
  // By account and seq. A snapshot file that cannot be read is told to `damaged`.
  virtual std::vector<Snapshot> snapshots(const std::function<void(const Error&)>& damaged) const = 0;
  virtual std::unique_ptr<SnapshotReader> read(const Snapshot& snapshot) const = 0;

  // One message's exact bytes, verified while read: the last read() throws Error{damaged, message, never} if the
  // hash is wrong. Error{missing, message, never} if no pack has it.
  virtual std::unique_ptr<mail::Body> body(const mail::ContentId& content) const = 0;
  // The table-of-contents line; nothing if no pack has it.
  virtual std::optional<Located> locate(const codec::Digest& hash) const = 0;
  // All mail entries whose content begins with these hex digits (at least 8).
  virtual std::vector<Located> find_prefix(const std::string& hex) const = 0;
  // Every entry of every pack's table, packs in order. For `ls` of a whole archive without a cache.
  virtual void each_entry(const std::function<void(const std::string& pack, const TocEntry&)>& found,
                          const std::function<void(const Error&)>& damaged) const = 0;

  // Takes the account's lock (Error{locked, run, later} names who holds it), salvages what killed runs left, and
  // loads the last snapshot. Error{storage} where the archive cannot be written.
  virtual std::unique_ptr<SnapshotWriter> begin(const RunInfo& run) = 0;

  virtual CheckReport check(const CheckOptions& options, const std::function<void(const Problem&)>& problem,
                            const std::function<void(std::uint64_t done, std::uint64_t all)>& progress) const = 0;
};

// What stands in the archive's README.txt.
std::string readme_text();

}  // namespace postferry::archive
