#include "append.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "append_uid.h"
#include "fetch_reader.h"
#include "flags.h"

namespace postferry::imap {
namespace {

// Answers are some hundred bytes each: so many fit into the server's send buffer, whoever reads or writes.
constexpr unsigned most_in_flight = 16;

constexpr std::string_view line_end = "\r\n";

std::uint64_t wire_size(const Append& message) {
  return message.body->size() + (message.line_end ? line_end.size() : 0);
}

// A body of ours that could not be read to its end: no fault of the server.
struct Unreadable {
  std::size_t index;
  Error why;
};

}  // namespace

AppendRun::AppendRun(Session::State& session, std::string_view folder, std::span<const Append> batch,
                     Appends& answers, Uid look_from)
    : session_(session),
      pipe_(session.pipe),
      folder_(folder),
      batch_(batch),
      answers_(answers),
      look_from_(look_from) {}

void AppendRun::run() {
  pipe_.doing(Doing::appending);
  try {
    together();
    singly();
    while (!in_flight_.empty()) hear_one();
  } catch (const Unreadable& bad) {
    // The server waits for the rest of a literal that nobody has: only hanging up ends that, and nothing of
    // it is stored.
    answers_.refused(bad.index, bad.why, Fault::message);
    throw Error(Cause::network, Blast::session, Retry::now,
                fmt::format("the connection was given up, because a message on it could not be read: {}",
                            bad.why.what()));
  } catch (const Error& error) {
    if (error.cause != Cause::network || error.blast != Blast::session) throw;
    const auto words = last_words();
    if (words.empty() || words == error.what()) throw;
    throw Error(error.cause, error.blast, error.retry, fmt::format("{} ({})", error.what(), words));
  }
  pipe_.doing(Doing::other);
  if (wide_) throw *wide_;
}

void AppendRun::together() {
  if (batch_.size() > 1 && pipe_.capabilities().has("MULTIAPPEND")) {
    send(0, batch_.size());
    look();
    while (!in_flight_.empty()) hear_one();
    return;
  }
  for (std::size_t i = 0; i < batch_.size(); ++i) again_.push_back(i);
}

void AppendRun::singly() {
  const auto window = session_.window.commands > 1 ? most_in_flight : 1;
  const auto alone = std::exchange(again_, {});
  for (const auto index : alone) {
    const bool waits = pipe_.is_synchronising(wire_size(batch_[index])) || pipe_.has_to_wait(folder_);
    while (!wide_ && in_flight_.size() >= (waits ? 1 : window)) hear_one();
    if (wide_) {
      answers_.put_off(index);
      continue;
    }
    send(index, 1);
  }
  if (!alone.empty()) look();
}

// A command is in flight from its first byte on: the server may answer before it has seen the last.
void AppendRun::send(std::size_t first, std::size_t count) {
  const auto tag = pipe_.begin("APPEND");
  in_flight_.push_back({tag, first, count});
  writing_ = true;
  put_folder();
  for (auto index = first; index < first + count; ++index) {
    if (!send_message(batch_[index], tag)) return;
    send_body(index);
  }
  pipe_.put(line_end);
  writing_ = false;
}

void AppendRun::put_folder() {
  try {
    pipe_.put_string(folder_, *this);
  } catch (const Error& error) {
    if (error.blast != Blast::message) throw;
    throw Error(error.cause, Blast::folder, Retry::never, error.what());  // it is the name that is refused
  }
}

// Everything before the bytes. Flags and date always: grommunio stumbles where they are left out (quirk 68).
// False: the server has answered instead of asking for the literal (quirk 33).
bool AppendRun::send_message(const Append& message, Pipe::Tag tag) {
  const auto size = wire_size(message);
  const bool waits = pipe_.is_synchronising(size);
  pipe_.put(fmt::format(" {}{} {{{}{}}}\r\n", flag_list(*message.flags),
                        message.date ? " " + format_date_time(*message.date) : "", size, waits ? "" : "+"));
  return !waits || go_ahead(tag);
}

bool AppendRun::go_ahead(Pipe::Tag tag) {
  pipe_.flush();
  for (;;) {
    writing_ = false;
    const auto heard = pipe_.hear(*this);
    writing_ = true;
    if (heard.kind == Pipe::Heard::Kind::more) return true;
    if (heard.kind != Pipe::Heard::Kind::tagged) continue;
    const auto it = std::find_if(in_flight_.begin(), in_flight_.end(),
                                 [&](const Command& one) { return one.tag == heard.tag; });
    if (it == in_flight_.end()) continue;
    const auto command = *it;
    in_flight_.erase(it);
    answered(command, heard.reply);
    if (command.tag == tag) return false;
  }
}

void AppendRun::send_body(std::size_t index) {
  const auto& message = batch_[index];
  if (const auto whole = message.body->in_memory(); !whole.empty()) {
    pipe_.put(as_text(whole));
  } else {
    std::array<std::byte, 32u << 10> buffer;
    auto left = message.body->size();
    std::unique_ptr<ByteSource> from;
    while (left > 0) {
      std::size_t got = 0;
      try {
        if (!from) from = message.body->open();
        got = from->read(std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size())));
        if (got == 0) {
          throw Error(Cause::damaged, Blast::message, Retry::never, "its body is shorter than it should be");
        }
      } catch (const Error& why) {
        throw Unreadable{index, why};
      }
      pipe_.put(as_text(std::span(buffer).first(got)));
      left -= got;
    }
  }
  if (message.line_end) pipe_.put(line_end);
}

// Behind the batch, without waiting for its answer: a round trip, or three, of each batch less. NOOP, because nothing else
// obliges a server to show the session what has arrived. It may answer UID FETCH before it has done so all the same
// (Dovecot does, when both arrive together).
void AppendRun::look() {
  if (look_from_ == 0 || wide_ || session_.window.commands <= 1) return;
  in_flight_.push_back({pipe_.send("NOOP"), 0, 0});
  in_flight_.push_back({pipe_.send(fmt::format("UID FETCH {}:* {}", look_from_, listing_of_flags)), 0, 0});
}

void AppendRun::fetch(std::uint32_t sequence, Wire& wire) {
  const auto& items = session_.fetch.read(sequence, wire, nullptr);
  if (look_from_ != 0 && items.uid >= look_from_ && items.size && items.has_flags) answers_.seen(items);
}

void AppendRun::hear_one() {
  writing_ = true;
  pipe_.flush();
  writing_ = false;
  const auto heard = pipe_.hear(*this);
  if (heard.kind != Pipe::Heard::Kind::tagged) return;
  const auto it = std::find_if(in_flight_.begin(), in_flight_.end(),
                               [&](const Command& one) { return one.tag == heard.tag; });
  if (it == in_flight_.end()) return;
  const auto command = *it;
  in_flight_.erase(it);
  answered(command, heard.reply);
}

void AppendRun::answered(const Command& command, const Reply& reply) {
  if (command.count == 0) return;
  if (!reply.ok()) return refused(command, reply);
  std::vector<Appended> where;
  if (reply.code == "APPENDUID") where = parse_append_uid(reply.arguments, command.count);
  where.resize(command.count);
  for (std::size_t i = 0; i < command.count; ++i) answers_.appended(command.first + i, where[i]);
}

// RFC 3502: of a refused MULTIAPPEND nothing is stored.
void AppendRun::refused(const Command& command, const Reply& reply) {
  const auto why = session_.refusal(reply);
  if (why.blast > Blast::message) {
    if (!wide_) wide_ = why;
    for (std::size_t i = 0; i < command.count; ++i) answers_.put_off(command.first + i);
    return;
  }
  if (command.count == 1) return answers_.refused(command.first, why, fault_of(reply));
  for (std::size_t i = 0; i < command.count; ++i) again_.push_back(command.first + i);
}

void AppendRun::condition(const Reply& reply) {
  if (reply.status == Status::bad) untagged_bad_ = reply.text;
}

// A server that hangs up in the middle of a literal often says why before (Gmail: "* BYE Invalid character in
// literal", quirk 65), and may have answered what came before. What has arrived of it is read. Throws what
// sends us away for longer.
std::string AppendRun::last_words() {
  std::string heard;
  if (std::exchange(writing_, false)) {
    try {
      pipe_.drop_unsent();
      pipe_.stream().hurry(std::chrono::seconds(1));
      while (!in_flight_.empty()) hear_one();
    } catch (const Error& error) {
      if (error.cause == Cause::throttled) throw;
      heard = error.what();
    }
  }
  if (wide_) throw *wide_;
  return untagged_bad_.empty() ? heard : fmt::format("before that it said \"{}\"", untagged_bad_);
}

void Session::append(std::string_view wire_name, std::span<const Append> batch, Appends& answers,
                     Uid look_from) {
  if (!batch.empty()) AppendRun(*state_, wire_name, batch, answers, look_from).run();
}

}  // namespace postferry::imap
