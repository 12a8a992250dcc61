#include "pipe.h"

#include <algorithm>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/net/transcript.h>

#include "unstuff.h"

namespace postferry::pop3 {
namespace {

// RFC 2449 allows 512 bytes; challenges and chatty servers need more.
constexpr std::size_t line_limit = 8u << 10;
// Of a multi-line answer that is kept in memory: more lines than any maildrop has messages.
constexpr std::uint64_t most_lines = 2'000'000;

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) out.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

}  // namespace

Session::Pipe::Pipe(std::unique_ptr<net::Stream> wire, unsigned most)
    : stream(std::move(wire)), reader(*stream), most_in_flight(std::max(1u, most)) {}

void Session::Pipe::write(const std::string& lines, bool secret) {
  auto* tapped = secret ? dynamic_cast<net::TappedStream*>(stream.get()) : nullptr;
  if (tapped != nullptr) tapped->masked(true);
  stream->write(as_bytes(lines));
  stream->flush();
  if (tapped != nullptr) tapped->masked(false);
}

void Session::Pipe::hide(std::string_view secret) {
  hidden.emplace_back(secret);
  if (auto* tapped = dynamic_cast<net::TappedStream*>(stream.get())) tapped->hide(hidden);
}

void Session::Pipe::show_all() {
  hidden.clear();
  if (auto* tapped = dynamic_cast<net::TappedStream*>(stream.get())) tapped->hide({});
}

Status Session::Pipe::answer() { return parse_status(reader.line(line_limit)); }

void Session::Pipe::lines(const std::function<void(std::string_view)>& found) {
  for (std::uint64_t count = 0; count < most_lines; ++count) {
    auto line = reader.line(line_limit);
    if (line == ".") return;
    if (line.starts_with('.')) line.remove_prefix(1);
    found(line);
  }
  throw Error(Cause::protocol, Blast::endpoint, Retry::never, "the server's list does not end");
}

void Session::Pipe::body(const std::function<void(Bytes)>& found) {
  Unstuffer unstuffer;
  while (!unstuffer.done()) {
    const auto piece = reader.some(~std::uint64_t{0});
    reader.consume(unstuffer.take(piece, found));
  }
}

void Session::Pipe::bulk(std::string_view verb, std::string_view tail, std::span<const Drop> wanted, const Taken& taken,
                         const Refused& refused, const std::function<std::size_t()>& most_asked,
                         const std::function<bool()>& may_leave) {
  // All that is in flight together is some hundred bytes, which any socket buffer takes: writing never waits
  // for a server that waits for us to read. Half a window at a time, so that a system call serves many small
  // messages.
  const std::size_t most = window();
  std::size_t asked = 0;
  std::string commands;
  for (std::size_t got = 0; got < wanted.size(); ++got) {
    const auto allowed = most_asked ? std::min(wanted.size(), most_asked()) : wanted.size();
    if (got >= std::max(asked, allowed)) return;
    if (asked < allowed && asked - got <= most / 2) {
      commands.clear();
      const auto end = std::min(allowed, got + most);
      for (; asked < end; ++asked)
        fmt::format_to(std::back_inserter(commands), "{} {}{}\r\n", verb, wanted[asked].number, tail);
      if (may_leave && asked == wanted.size() && may_leave()) {
        commands += "QUIT\r\n";
        said_quit = true;
      }
      in_flight = wanted[got];
      write(commands, false);
    }
    const auto& drop = wanted[got];
    in_flight = drop;
    const auto status = answer();
    if (status.ok()) {
      taken(drop);
    } else if (status.kind == Status::Kind::err) {
      refused(drop, (status.code.empty() ? "" : "[" + status.code + "] ") + status.text);
    } else {
      throw Error(
          Cause::protocol, Blast::session, Retry::now,
          fmt::format("{} {}: this is no POP3 answer: {}", verb, drop.number, printable(status.text, 100)));
    }
    in_flight.reset();
  }
}

void Session::Pipe::read_capabilities() {
  capa_is_due = false;
  capabilities.clear();
  const auto status = answer();
  has_capa = status.ok();
  if (status.kind == Status::Kind::nonsense) throw refusal(status, Moment::greeting, "CAPA");
  if (status.ok()) lines([&](std::string_view line) { capabilities.push_back(words_of(line)); });
}

void Session::Pipe::know_capabilities() {
  if (!capa_is_due) return;
  send("CAPA");
  read_capabilities();
}

bool Session::Pipe::can(std::string_view capability) const {
  const auto blank = capability.find(' ');
  const auto word = capability.substr(0, blank);
  for (const auto& line : capabilities) {
    if (line.empty() || !equal_ignoring_case(line.front(), word)) continue;
    if (blank == std::string_view::npos) return true;
    const auto argument = capability.substr(blank + 1);
    const auto same = [&](const std::string& one) { return equal_ignoring_case(one, argument); };
    if (std::any_of(line.begin() + 1, line.end(), same)) return true;
  }
  return false;
}

std::optional<std::chrono::seconds> Session::Pipe::login_delay() const {
  for (const auto& line : capabilities) {
    if (line.size() < 2 || !equal_ignoring_case(line.front(), "LOGIN-DELAY")) continue;
    const auto seconds = parse_number(line[1]);
    if (seconds && *seconds <= 86'400) return std::chrono::seconds(*seconds);
  }
  return std::nullopt;
}

}  // namespace postferry::pop3
