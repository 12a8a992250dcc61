#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "progress.h"
#include "when.h"

namespace postferry::cli {
namespace {

// Columns, near enough: a character is one. Continuation bytes of UTF-8 are none.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(const std::string& text, std::size_t most) {
  if (columns(text) <= most) return text;
  std::string out;
  std::size_t taken = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && ++taken > most) break;
    out += c;
  }
  return out;
}

std::string of(std::uint64_t done, std::uint64_t all) {
  return all > done ? fmt::format("{}/{}", grouped(done), grouped(all)) : grouped(done);
}

std::string left(const ProgressState& s) {
  if (s.rate < 1 || s.bytes <= s.bytes_done) return "";
  const auto seconds = static_cast<double>(s.bytes - s.bytes_done) / s.rate;
  return seconds > 359999 ? "" : duration(std::max(1.0, std::round(seconds))) + " left";
}

}  // namespace

std::string progress_line(const ProgressState& s, std::size_t width) {
  if (!s.waiting.empty()) {
    return cut(fmt::format("waiting {}: {}", duration(std::max(0.0, s.waiting_left)), printable(s.waiting)),
               width);
  }
  // in the order of importance; what does not fit any more is left out, and the rest after it
  std::vector<std::string> parts{of(s.messages_done, s.messages) + " messages",
                                 s.bytes > s.bytes_done
                                     ? human_bytes(s.bytes_done) + "/" + human_bytes(s.bytes)
                                     : human_bytes(s.bytes_done)};
  if (s.folders > 0) parts.push_back(fmt::format("folder {}", of(s.folders_done, s.folders)));
  if (s.rate >= 1) parts.push_back(human_bytes(static_cast<std::uint64_t>(s.rate)) + "/s");
  if (const auto time = left(s); !time.empty()) parts.push_back(time);
  if (!s.folder.empty()) parts.push_back(s.folder);
  std::string out;
  for (const auto& part : parts) {
    const auto longer = out.empty() ? part : out + "  " + part;
    if (columns(longer) > width) break;
    out = longer;
  }
  return out.empty() ? cut(parts.front(), width) : out;
}

}  // namespace postferry::cli
