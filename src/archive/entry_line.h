#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <postferry/archive/archive.h>

namespace postferry::archive {

// How the entries of a folder are counted: by the server's UID, or (POP3) by our ordinal of first sight.
enum class Numbering { uid, ordinal };
// `epoch`: a folder's UIDVALIDITY, or "pop3".
inline Numbering numbering_of(std::string_view epoch) { return epoch == mail::pop3_epoch ? Numbering::ordinal : Numbering::uid; }

// One line of a page with its line end, in the normative form of FORMAT.md: any version writes the same bytes.
void append_entry_line(std::string& out, const Entry& entry, Numbering numbering);

// A line without its line end. Members that this version does not know are kept in Entry::unknown. Nothing if it is
// no entry (no number, no content, or not well-formed).
std::optional<Entry> read_entry_line(std::string_view line);

// Calls `line` for each line of `text`, without its line end.
template <class Line>
void for_each_line(std::string_view text, const Line& line) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

}  // namespace postferry::archive
