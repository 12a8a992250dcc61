#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/mail/message.h>
#include <postferry/mail/release.h>

namespace postferry::mail {

struct SourceTraits {
  // has_flags: the listing tells them. Without it a message may bring some along when it is new (POP3, from an mbox), and
  // they are never changed later.
  bool has_folders = true, has_flags = true, has_received_date = true;
  unsigned max_sessions = 1;
};

// What is to be done with one listed message.
enum class Choice : std::uint8_t {
  fetch,           // its body is wanted
  leave,           // known or skipped by a rule: the chooser has seen to it, no body, no further call
  compare_header,  // perhaps held under another reference: fetch its header block and ask by_header()
};

// Decides, for a page of metas, which bodies are wanted. Asked on the reader's thread.
class Chooser {
 public:
  virtual ~Chooser() = default;
  // Nothing of this folder is held and no filter is set: bodies may be streamed without listing first, and
  // messages that came so go straight to Arrivals::arrived.
  virtual bool wants_all() const = 0;
  // POP3, before the pages of a session's listing: a UIDL that is in it. A held message that has it is then not taken for
  // another's twin.
  virtual void foresee(const std::string& uidl, std::optional<std::uint64_t> size) { (void)uidl, (void)size; }
  // Called once for every page of listed messages; `out` gets one choice a meta.
  virtual void choose(std::span<const Meta> page, std::vector<Choice>& out) = 0;
  // The second question for compare_header. false: fetch the body.
  virtual bool held_by_header(const Meta& meta, const HeaderId& header, const std::optional<MatchKey>& key) = 0;
};

enum class Outcome { vanished, failed };

// Where a reader puts what it finds. Called on the reader's thread; calls may block: that is the backpressure.
class Arrivals {
 public:
  virtual ~Arrivals() = default;
  // `count` more messages are known to be listed. Each of them then gets exactly one of: a `leave` from the
  // chooser, arrived(), unavailable(). The balance is checked against this.
  virtual void listed(std::uint64_t count) = 0;
  virtual void arrived(Message message) = 0;
  // vanished: it was listed, and is gone now that it was listed again. failed: `why` says so (never null then).
  virtual void unavailable(const Meta& meta, const Headline& headline, Outcome outcome, const Error* why) = 0;
  // Everything listed in this span has been answered for. Spans of a lane do not overlap.
  virtual void span_done(Span span) = 0;
  // Something a person should know once: a server's lie that was worked around, a way chosen.
  virtual void note(const std::string& text) = 0;
};

// One folder, open for reading. Borrows one session for its life, used by one thread.
class FolderReader {
 public:
  virtual ~FolderReader() = default;
  // EXAMINE, before the listing; the state it was in. Called once, first; may be repeated after it threw.
  virtual FolderState begin() = 0;
  // Lists `span` page by page and fetches what `choose` wants. Checks what was listed against what EXISTS
  // promised; if short, lists again; still short: Error{protocol, folder, never} "listing incomplete".
  // May be called again after it threw an Error with blast `session`, or one that says `later`: it then signs in
  // again (if it must) and goes on with
  // the page it was on, and announces nothing a second time. The message in flight when a session died is set
  // aside as a suspect and tried last, alone, twice; then it is unavailable(failed). UIDVALIDITY changed
  // between two sessions: Error{protocol, folder, now}.
  virtual void scan(Span span, Chooser& choose, Arrivals& to) = 0;
};

// A mailbox to read from. folders() and open() may be called from any thread; a FolderReader belongs to one.
// Destroying a reader ends its hold on a session; destroying the source signs out and closes, without waiting for an answer.
class MailSource {
 public:
  virtual ~MailSource() = default;
  virtual SourceTraits traits() const = 0;
  virtual std::vector<Folder> folders(std::stop_token stop) = 0;
  // Cuts a folder into at most `pieces` spans of about equal message counts, the last one open-ended; for lanes.
  virtual std::vector<Span> cut(const Folder& folder, unsigned pieces, std::stop_token stop) {
    (void)folder, (void)pieces, (void)stop;
    return {Span{}};
  }
  virtual std::unique_ptr<FolderReader> open(const Folder& folder, std::stop_token stop) = 0;
  // Null where nothing can be deleted. After the last reader has gone.
  virtual std::unique_ptr<Releaser> releaser(const Folder& folder, std::stop_token stop) {
    (void)folder, (void)stop;
    return nullptr;
  }
};

}  // namespace postferry::mail
