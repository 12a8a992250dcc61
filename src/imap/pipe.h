#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/net/line_reader.h>
#include <postferry/net/stream.h>
#include <postferry/net/transcript.h>

#include "capabilities.h"
#include "responses.h"
#include "wire.h"

namespace postferry::imap {

// Who wants to know what a server says besides the answers. A function may return before it has read all, or
// throw Malformed: the rest of the response is skipped.
class Untagged {
 public:
  virtual ~Untagged() = default;
  virtual void fetch(std::uint32_t sequence, Wire& wire) { (void)sequence, (void)wire; }  // at the "("
  virtual void data(std::string_view keyword, Wire& wire) {
    (void)keyword, (void)wire;
  }                                                            // LIST, STATUS ...: upper case
  virtual void condition(const Reply& reply) { (void)reply; }  // untagged OK and NO; BAD while appending
};

// The order of a sequence of commands and answers on one stream (RFC 3501 section 7): tags, what is in
// flight, and where each response goes by what it says, not by what was expected next (quirk 37). One thread.
class Pipe {
 public:
  using Tag = unsigned;

  // One response. `tagged`: a command of ours is answered. `more`: the server asks us to go on, with `text`.
  struct Heard {
    enum class Kind { untagged, tagged, more } kind = Kind::untagged;
    Tag tag = 0;
    Reply reply;
    std::string text;
  };

  explicit Pipe(std::unique_ptr<net::Stream> stream);
  ~Pipe();

  Reply greeting();

  // Puts a command into the next write. Several sent one after another leave together at flush().
  Tag send(std::string_view command);
  // The same for a command whose answer nobody waits for.
  void send_unasked(std::string_view command);
  // Sends VERB STRING... AFTER, each string as a quoted one or a literal. Waits for the server's "+" where it
  // must; nothing else may be in flight then (has_to_wait() tells before).
  Tag send(std::string_view verb, std::span<const std::string_view> strings, std::string_view after,
           Untagged& to);
  // A command that is written piece by piece: begin() its tag and verb, put() the rest, CRLF included. What is
  // put leaves when there is enough of it, or at flush(); nothing is heard meanwhile.
  Tag begin(std::string_view verb);
  void put(std::string_view text);
  // " " and a quoted string or a literal; waits as send() does.
  void put_string(std::string_view value, Untagged& to);
  void write_secret(std::string_view line);  // a SASL answer; never in a transcript
  void flush();
  void drop_unsent() { out_.clear(); }  // the stream takes no more; what it brought may still be heard
  bool has_to_wait(std::string_view string) const;
  // A literal of this many bytes must not leave before the server asked for it (RFC 7888).
  bool is_synchronising(std::uint64_t literal) const;

  Heard hear(Untagged& to);
  // Hears until this command is answered.
  Reply wait(Tag tag, Untagged& to);
  Reply ask(std::string_view command, Untagged& to) { return wait(send(command), to); }

  void doing(Doing what) { doing_ = what; }
  Doing doing() const { return doing_; }
  void secret(bool on);  // what is sent until secret(false) is masked in transcripts
  // Until show_all() this is taken out of the server's words, here and in transcripts.
  void hide(std::string_view secret);
  void show_all();

  net::Stream& stream() { return *stream_; }
  net::LineReader& reader() { return reader_; }
  Capabilities& capabilities() { return capabilities_; }
  const Capabilities& capabilities() const { return capabilities_; }
  const std::string& alert() const { return alert_; }

  // Of the open folder.
  void forget_folder();
  std::uint32_t exists() const { return exists_; }
  // Sequence numbers that were expunged, in the order told; each counts with the earlier ones gone.
  std::vector<std::uint32_t> take_expunged() { return std::move(expunged_); }
  std::uint64_t expunged() const { return expunged_count_; }

 private:
  void dispatch(Untagged& to);
  void numbered(std::uint32_t number, Untagged& to);
  void condition(Status status, Untagged& to);
  void note(const Reply& reply);
  [[noreturn]] void hang_up(const Reply& bye);
  Heard tagged(std::string_view tag, std::string_view line);
  Reply reply(Status status, std::string_view after_status) const;
  bool is_ours(std::string_view tag, Tag& out) const;

  std::unique_ptr<net::Stream> stream_;
  net::TappedStream* const tap_;
  net::LineReader reader_;
  Wire wire_;
  Capabilities capabilities_;
  std::string out_;           // not written yet
  std::vector<Tag> waiting_;  // in flight, in order
  std::vector<Tag> unasked_;
  Tag last_ = 0;
  Doing doing_ = Doing::greeting;
  std::string alert_;
  std::vector<std::string> hidden_;
  std::optional<Reply> untagged_bad_;
  std::uint32_t exists_ = 0;
  std::vector<std::uint32_t> expunged_;
  std::uint64_t expunged_count_ = 0;
};

}  // namespace postferry::imap
