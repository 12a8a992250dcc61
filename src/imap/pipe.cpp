#include "pipe.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>
#include <postferry/net/hide_secret.h>

namespace postferry::imap {
namespace {

bool fits_quotes(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c == '\r' || c == '\n' || c == '\0' || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::string upper_word(std::string_view word) {
  std::string out = lower(word);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// So that small messages share a write, and large ones need no copy of themselves.
constexpr std::size_t written_at_once = 64u << 10;

Error broken(const char* what) {
  return {Cause::protocol, Blast::session, Retry::now,
          fmt::format("the server's answer makes no sense: {}", what)};
}

}  // namespace

Pipe::Pipe(std::unique_ptr<net::Stream> stream)
    : stream_(std::move(stream)),
      tap_(dynamic_cast<net::TappedStream*>(stream_.get())),
      reader_(*stream_),
      wire_(reader_) {}

Pipe::~Pipe() = default;

Reply Pipe::greeting() {
  wire_.begin_response();
  try {
    wire_.expect('*');
    const auto status = status_of(wire_.atom());
    if (!status || *status == Status::no || *status == Status::bad) throw Malformed{"no greeting"};
    const auto reply = parse_reply(*status, wire_.rest());
    if (reply.status == Status::bye) throw meaning(reply, Doing::greeting);
    note(reply);
    return reply;
  } catch (const Malformed&) {
    throw Error(Cause::protocol, Blast::endpoint, Retry::never,
                fmt::format("this is no IMAP server: it greets with \"{}\"", printable(wire_.line(), 80)));
  }
}

Pipe::Tag Pipe::send(std::string_view command) {
  fmt::format_to(std::back_inserter(out_), "A{} {}\r\n", ++last_, command);
  waiting_.push_back(last_);
  return last_;
}

void Pipe::send_unasked(std::string_view command) { unasked_.push_back(send(command)); }

bool Pipe::has_to_wait(std::string_view string) const {
  return !fits_quotes(string) && is_synchronising(string.size());
}

bool Pipe::is_synchronising(std::uint64_t literal) const {
  return !capabilities_.has("LITERAL+") && !(capabilities_.has("LITERAL-") && literal <= 4096);
}

Pipe::Tag Pipe::begin(std::string_view verb) {
  fmt::format_to(std::back_inserter(out_), "A{} {}", ++last_, verb);
  waiting_.push_back(last_);
  return last_;
}

void Pipe::put(std::string_view text) {
  out_ += text;
  if (out_.size() < written_at_once) return;
  stream_->write(as_bytes(out_));
  out_.clear();
}

Pipe::Tag Pipe::send(std::string_view verb, std::span<const std::string_view> strings, std::string_view after,
                     Untagged& to) {
  const auto tag = begin(verb);
  for (const auto string : strings) put_string(string, to);
  out_ += after;
  out_ += "\r\n";
  return tag;
}

void Pipe::put_string(std::string_view value, Untagged& to) {
  out_ += ' ';
  if (fits_quotes(value)) {
    out_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
    return;
  }
  if (value.find('\0') != std::string_view::npos) {
    throw Error(Cause::rejected, Blast::folder, Retry::never,
                "a name with a NUL cannot be sent to any server");
  }
  const bool wait = has_to_wait(value);
  fmt::format_to(std::back_inserter(out_), "{{{}{}}}\r\n", value.size(), wait ? "" : "+");
  if (wait) {
    const auto tag = last_;
    for (;;) {
      const auto heard = hear(to);
      if (heard.kind == Heard::Kind::more) break;
      if (heard.kind == Heard::Kind::tagged && heard.tag == tag)
        throw meaning(heard.reply, doing_);  // quirk 33
    }
  }
  out_ += value;
}

void Pipe::write_secret(std::string_view line) {
  flush();
  secret(true);
  out_ += line;
  out_ += "\r\n";
  flush();
  secret(false);
}

void Pipe::flush() {
  if (out_.empty()) return;
  // One write a group: with several, Nagle and delayed acknowledgement make 40 ms of each.
  const auto bytes = as_bytes(out_);
  stream_->write(bytes);
  stream_->flush();
  out_.clear();
}

void Pipe::secret(bool on) {
  flush();
  if (tap_ != nullptr) tap_->masked(on);
}

void Pipe::hide(std::string_view secret) {
  hidden_.emplace_back(secret);
  if (tap_ != nullptr) tap_->hide(hidden_);
}

void Pipe::show_all() {
  hidden_.clear();
  if (tap_ != nullptr) tap_->hide({});
}

Pipe::Heard Pipe::hear(Untagged& to) {
  flush();
  wire_.begin_response();
  const auto line = wire_.line();
  if (line.starts_with('+')) {
    // Quirk 26: "+" alone is enough.
    return {Heard::Kind::more,
            0,
            {},
            std::string(line.substr(std::min<std::size_t>(line.size(), line.starts_with("+ ") ? 2 : 1)))};
  }
  if (!line.starts_with('*')) {
    const auto blank = std::min(line.find(' '), line.size());
    return tagged(line.substr(0, blank), line.substr(blank));
  }
  try {
    wire_.expect('*');
    dispatch(to);
  } catch (const Malformed&) {
    wire_.skip_response();  // what it was about counts as not said
  }
  if (untagged_bad_ && waiting_.size() == 1 && doing_ != Doing::reading && doing_ != Doing::appending) {
    // Quirk 31: interia.pl answers a command with an untagged BAD and nothing else. Not so for APPEND, where
    // an answer that comes after all would be the word for a message stored (quirk 32 ends by the timeout).
    const auto tag = waiting_.front();
    waiting_.clear();
    return {Heard::Kind::tagged, tag, *std::exchange(untagged_bad_, std::nullopt), {}};
  }
  untagged_bad_.reset();
  return {};
}

Pipe::Heard Pipe::tagged(std::string_view tag, std::string_view line) {
  Tag ours = 0;
  // Quirk 30: Exchange 2013 writes "[COPYUID 124 10 233]" as a line of its own. What is no answer is no
  // matter.
  if (!is_ours(tag, ours)) return {};
  while (line.starts_with(' ')) line.remove_prefix(1);
  const auto blank = std::min(line.find(' '), line.size());
  const auto status = status_of(line.substr(0, blank));
  if (!status) throw broken("a command is answered with neither OK nor NO nor BAD");
  auto said = reply(*status, line.substr(blank));
  std::erase(waiting_, ours);
  note(said);
  if (std::erase(unasked_, ours) > 0) return {};
  return {Heard::Kind::tagged, ours, std::move(said), {}};
}

bool Pipe::is_ours(std::string_view tag, Tag& out) const {
  if (tag.size() < 2 || (tag[0] != 'A' && tag[0] != 'a')) return false;
  const auto number = parse_number(tag.substr(1));
  if (!number || *number > last_) return false;
  out = static_cast<Tag>(*number);
  return std::find(waiting_.begin(), waiting_.end(), out) != waiting_.end();
}

Reply Pipe::wait(Tag tag, Untagged& to) {
  for (;;) {
    auto heard = hear(to);
    if (heard.kind == Heard::Kind::tagged && heard.tag == tag) return std::move(heard.reply);
  }
}

void Pipe::dispatch(Untagged& to) {
  const auto word = wire_.atom();
  if (const auto number = parse_number(word)) {
    if (*number <= 0xFFFFFFFFu) return numbered(static_cast<std::uint32_t>(*number), to);
    throw Malformed{"a number beyond 32 bits"};
  }
  if (const auto status = status_of(word)) return condition(*status, to);
  if (equal_ignoring_case(word, "CAPABILITY")) return capabilities_.take(wire_.rest());
  to.data(upper_word(word), wire_);
  if (!wire_.at_end()) throw Malformed{"more than was asked for"};
}

void Pipe::numbered(std::uint32_t number, Untagged& to) {
  const auto word = wire_.atom();
  if (equal_ignoring_case(word, "FETCH")) {
    to.fetch(number, wire_);
    if (!wire_.at_end()) throw Malformed{"more than a FETCH"};
  } else if (equal_ignoring_case(word, "EXISTS")) {
    exists_ = number;
  } else if (equal_ignoring_case(word, "EXPUNGE")) {
    if (exists_ > 0) --exists_;
    ++expunged_count_;
    expunged_.push_back(number);
  }
}

void Pipe::condition(Status status, Untagged& to) {
  const auto said = reply(status, wire_.rest());
  note(said);
  if (status == Status::bye) hang_up(said);
  if (status == Status::bad) untagged_bad_ = said;
  if (status != Status::bad || doing_ == Doing::appending) to.condition(said);
}

Reply Pipe::reply(Status status, std::string_view after_status) const {
  auto out = parse_reply(status, after_status);
  out.text = net::hide_secrets(std::move(out.text), hidden_);
  if (out.code != "CAPABILITY") out.arguments = net::hide_secrets(std::move(out.arguments), hidden_);
  return out;
}

void Pipe::note(const Reply& reply) {
  if (reply.code == "CAPABILITY") capabilities_.take(reply.arguments);
  if (reply.code == "ALERT") alert_ = reply.text;
}

// Quirk 74: Yahoo says BYE first and why in the tagged NO behind it. Who says BYE hangs up; what comes before
// that is waited for, but not for long.
void Pipe::hang_up(const Reply& bye) {
  auto why = meaning(bye, doing_);
  constexpr int most_lines = 16;
  stream_->hurry(std::chrono::seconds(2));
  try {
    for (int i = 0; i < most_lines && !waiting_.empty() && why.cause != Cause::throttled; ++i) {
      const auto line = reader_.line(Wire::max_line);
      const auto blank = std::min(line.find(' '), line.size());
      const auto rest = line.substr(std::min(blank + 1, line.size()));
      const auto end = std::min(rest.find(' '), rest.size());
      const auto status = status_of(rest.substr(0, end));
      if (!status || *status == Status::ok) continue;
      const auto behind = meaning(reply(*status, rest.substr(end)), doing_);
      if (behind.cause == Cause::throttled) why = behind;
    }
  } catch (const Error&) {
    // The end of the stream, or of the patience: what was said is all there is.
  }
  throw why;
}

void Pipe::forget_folder() {
  exists_ = 0;
  expunged_.clear();
  expunged_count_ = 0;
}

}  // namespace postferry::imap
