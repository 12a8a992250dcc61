#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/mail/message.h>

namespace postferry::mail {

// One message found in a destination folder.
struct Found {
  std::uint32_t number = 0;  // UID
  std::uint64_t size = 0;    // the server's word
  Flags flags;
};

// A message on its way out, owned until it is answered.
struct Outgoing {
  std::uint64_t ticket = 0;  // the writer's own name for it
  Message message;
  Flags flags;               // what is to be set, filtered for this folder
  std::optional<Received> date;
};

class Answers {
 public:
  virtual ~Answers() = default;
  virtual void appended(Outgoing outgoing, std::optional<std::uint32_t> number) = 0;
  virtual void refused(Outgoing outgoing, const Error& why) = 0;
  // The folder would not have these keywords, and the message goes without them: said before its answer.
  virtual void keywords_refused(const Outgoing& outgoing, const std::set<std::string>& keywords) = 0;
  // Certainly not stored, for a reason that append() throws next.
  virtual void put_off(Outgoing outgoing) = 0;
  // Lies in the folder now. Told, if at all, of what is there from the batch's mark on; may be told more than once.
  virtual void seen(const Found& found) = 0;
};

// One folder of a server that is written to; one session, one thread. After an Error with blast `session` nothing of it
// may be used but take_back().
class DestinationFolder {
 public:
  virtual ~DestinationFolder() = default;
  // SELECT. May be called again to see what is there now (NOOP).
  virtual FolderState begin() = 0;
  virtual bool takes_keyword(const std::string& keyword) const = 0;  // PERMANENTFLAGS
  virtual bool read_only() const = 0;
  // Ascending, from number `from` on.
  virtual void survey(std::uint32_t from, const std::function<void(const Found&)>& found) = 0;
  // Twice for a message that original_of() knows: as it was first, as it is last.
  virtual void headers(std::span<const std::uint32_t> numbers,
                       const std::function<void(std::uint32_t, const HeaderId&, const std::optional<MatchKey>&)>& found) = 0;
  // Fetches one body, when content must decide; nothing if it is gone.
  virtual std::optional<CanonicalId> canonical_of(std::uint32_t number) = 0;
  // The same of the message as it was before a tool that is known for it put a field of its own in (headers() tells both
  // headers of such a one); nothing if none did. Cheap right after canonical_of().
  virtual std::optional<CanonicalId> original_of(std::uint32_t number) { return (void)number, std::nullopt; }
  // What it is but for its trace fields; nothing if it is gone. Cheap right after canonical_of().
  virtual std::optional<MergeId> merge_of(std::uint32_t number) = 0;
  // The digests of a message that is to be sent without the field of that kind which it has itself, from an earlier copy:
  // the tool puts its own in place of it. Nothing: it has none.
  virtual std::optional<Digests> unmarked(const Body& body) { return (void)body, std::nullopt; }

  // Hands over a batch (MULTIAPPEND where the server can); answers for it or earlier ones may come during the call.
  // A batch that fails is sent again one by one, so that one bad message costs one message. Where it costs nothing, it is
  // looked on the way at what lies there from number `mark` on (0: not at all); what nobody has seen() may be there yet.
  virtual void append(std::vector<Outgoing> batch, std::uint32_t mark, Answers& answers) = 0;
  virtual void drain(Answers& answers) = 0;          // waits for every answer
  // Tells by seen(), in one round trip, what it can of what lies there from `mark` on: as little proof of what is not there.
  virtual void glance(std::uint32_t mark, Answers& answers) = 0;
  virtual std::vector<Outgoing> take_back() = 0;     // what was handed over and not answered when the session died: in doubt
  virtual void change_flags(std::uint32_t number, const Flags& add, const Flags& remove) = 0;
};

// What is asked of a folder that is opened: to show what is there now, or only to take mail and to show what was there when
// it was last opened afresh, and what has been put into it since.
enum class Opening { afresh, to_append };

struct DestinationTraits {
  char delimiter = '/';
  std::optional<std::uint64_t> append_limit;  // APPENDLIMIT, bytes
  std::optional<std::uint64_t> quota_left;    // bytes, where the server says
  unsigned max_sessions = 1;
  std::string forbidden;                      // characters no folder's name can have there, as far as it tells
};

struct Ensured {
  FolderPath path;             // what it is called there
  std::string not_subscribed;  // why the server would not, if it would not
};

// An account that mail is put into. Any thread; a DestinationFolder belongs to one.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual DestinationTraits traits(std::stop_token stop) = 0;
  virtual std::vector<Folder> folders(std::stop_token stop) = 0;
  virtual std::string wire_name(const FolderPath& path) const = 0;   // with its delimiter and namespace prefix
  // That ensure() will be asked for this one. What is expected may be made together, when the first is asked for.
  virtual void expect(const FolderPath& path, bool subscribe) { (void)path, (void)subscribe; }
  // Created if it is not there, under its plain spelling (mail/folder_path.h) where the server refuses its name;
  // subscribed if asked. Error{rejected, folder, never} if neither is taken. Asked again, it says the same.
  virtual Ensured ensure(const FolderPath& path, bool subscribe, std::stop_token stop) = 0;
  virtual std::unique_ptr<DestinationFolder> open(const FolderPath& path, Opening how, std::stop_token stop) = 0;
};

}  // namespace postferry::mail
