#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include <postferry/archive/toc.h>
#include <postferry/codec/compress.h>

namespace postferry::archive {

// The lines of a table of contents (FORMAT.md, TOC lines). The form is normative: any version writes the same
// bytes.
struct TocHead {
  std::uint64_t version = 1;
  std::string time;  // RFC 3339
  std::string codec;
};

// All append one line with its line end.
void append_toc_head(std::string& out, std::chrono::sys_seconds time, codec::Codec codec);
void append_toc_frame(std::string& out, const TocFrame& frame);
void append_toc_entry(std::string& out, const TocEntry& entry);

// A line without its line end. monostate: a line of a kind that this version does not know, or not
// well-formed. Of an entry, `frame` is not in the line: it is the frame line before it.
using TocLine = std::variant<std::monostate, TocHead, TocFrame, TocEntry>;
TocLine read_toc_line(std::string_view line);

}  // namespace postferry::archive
