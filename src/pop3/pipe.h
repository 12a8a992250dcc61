#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/net/line_reader.h>
#include <postferry/pop3/session.h>

#include "status.h"

namespace postferry::pop3 {

// What a session is made of: commands out, answers in. One thread.
struct Session::Pipe {
  explicit Pipe(std::unique_ptr<net::Stream> wire, unsigned most);

  // Does `act` to the pipe; whatever it throws leaves the session dead.
  template <class Act>
  auto alive(Act&& act) {
    try {
      return act(*this);
    } catch (...) {
      dead = true;
      throw;
    }
  }

  void send(std::string_view line) { write(std::string(line) + "\r\n", false); }
  void send_secret(std::string_view line) { write(std::string(line) + "\r\n", true); }
  void write(const std::string& lines, bool secret);
  // Until show_all() this is taken out of the server's words, in a refusal and in transcripts.
  void hide(std::string_view secret);
  void show_all();

  Status answer();  // one status line; `nonsense` is for the caller to refuse
  // The lines of a multi-line answer, after its +OK.
  void lines(const std::function<void(std::string_view)>& found);
  // The same as bytes, unstuffed.
  void body(const std::function<void(Bytes)>& found);

  using Taken = std::function<void(const Drop&)>;  // after +OK: reads what belongs to it
  using Refused = std::function<void(const Drop&, const std::string& server_text)>;
  // Sends `verb n tail` for each, as many at once as the window allows, and gives out the answers in order. No more
  // than the first `most_asked` are asked, which may grow meanwhile; ends when these are answered. Where `may_leave`
  // says so when the last one is sent, QUIT goes behind it, and its answer is left for wait_for_quit().
  void bulk(std::string_view verb, std::string_view tail, std::span<const Drop> wanted, const Taken& taken,
            const Refused& refused, const std::function<std::size_t()>& most_asked = {},
            const std::function<bool()>& may_leave = {});

  // The answer to CAPA.
  void read_capabilities();
  // CAPA, if it is still to be asked after the sign-in.
  void know_capabilities();

  bool can(std::string_view capability) const;
  unsigned window() const { return can("PIPELINING") ? most_in_flight : 1; }
  std::optional<std::chrono::seconds> login_delay() const;

  std::unique_ptr<net::Stream> stream;
  net::LineReader reader;
  const unsigned most_in_flight;
  std::string stamp;                                   // the greeting's, for APOP
  std::vector<std::vector<std::string>> capabilities;  // CAPA's lines in words, upper case
  std::optional<Stat> stat;
  bool has_capa = false, capa_is_due = false, has_uidl = true, said_quit = false, dead = false;
  std::optional<Drop> in_flight;
  std::vector<std::string> hidden;
};

}  // namespace postferry::pop3
