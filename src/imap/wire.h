#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <postferry/base/bytes.h>
#include <postferry/net/line_reader.h>

namespace postferry::imap {

// What the server sent cannot be read as the grammar has it. Never leaves this module: the pipe drops the
// response, or gives the session up where a literal has been handed out already.
struct Malformed {
  const char* what;
};

// The tokens of RFC 3501 section 9, read off one response after another. Tolerant where real servers need it,
// each leniency beside the row of QUIRKS.md that asks for it. A response is a line, or several joined by
// literals; all functions read within it and never wait for a byte that the grammar does not promise. Views
// are valid until the next literal or line. One thread.
class Wire {
 public:
  static constexpr std::size_t max_line = 64u << 10;
  static constexpr std::uint64_t max_literal = 64u << 10;  // where it is no body
  static constexpr int max_depth = 32;

  explicit Wire(net::LineReader& reader) : reader_(reader) {}

  // Waits for the next line and begins to read it.
  void begin_response();

  // End of the line; blanks before it do not count (quirk 28).
  bool at_end();
  char peek();  // first character after blanks, 0 at the end
  char peek_raw() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  bool skip(char c);  // after blanks; false: it is something else
  void expect(char c);
  std::string_view atom();  // up to a blank, parenthesis, quote, brace or the end; at least one character
  // The name of a FETCH item with its section: "BODY[HEADER.FIELDS (DATE)]<0>" is one.
  std::string_view item_name();
  // The number that the next atom is; nothing if it is none, or more than 64 bits (quirk 14: "9.3736e+06").
  std::optional<std::uint64_t> number();
  std::string_view rest();  // of the line, as it is

  // Quoted, literal of at most max_literal bytes, or atom. Nothing for NIL.
  std::optional<std::string> nstring();
  std::string astring();  // NIL is the three letters
  bool at_literal();      // a "{" is next
  // The length a literal announces; the bytes follow in reader(), then call end_literal().
  std::uint64_t begin_literal();
  void end_literal();
  void skip_literal(std::uint64_t size);  // after begin_literal()
  std::string quoted();

  void skip_value();  // an atom, string, literal of any size, or list
  // Whatever is left of the response, literals included: for one that made no sense.
  void skip_response();

  std::string_view line() const { return line_; }
  net::LineReader& reader() { return reader_; }
  // True once a literal of this response has been read: its beginning is no longer there.
  bool past_literal() const { return past_literal_; }

 private:
  void skip_blanks();
  void skip_bytes(std::uint64_t bytes);
  void skip_value(int depth);

  net::LineReader& reader_;
  std::string_view line_;
  std::size_t at_ = 0;
  bool past_literal_ = false;
};

// The length that a line's end announces, "... {123}" or "{123+}".
std::optional<std::uint64_t> announced_literal(std::string_view line);

}  // namespace postferry::imap
