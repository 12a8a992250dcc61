#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::engine {

// What --repair may do to the bytes of a message that a server refuses as they are, mildest first. The values
// are bits in the push ledger (mail::Settled::altered) and never change their meaning.
enum class Repair : std::uint8_t {
  nuls = 1,             // NUL bytes are removed
  header = 2,           // 8-bit bytes in the header become encoded words, lines that are no fields one called
                        // X-Invalid-Header, CRs alone end lines
  very_long_lines = 4,  // lines of more than 9,900 bytes are folded (what Exchange takes)
  long_lines = 8,       // lines of more than 998 bytes are folded (RFC 5322, 2.1.1)
};
// Beside Repair::header: it was done before the message was sent, for this server changes 8-bit headers.
inline constexpr std::uint8_t mended_beforehand = 16;

inline constexpr std::array repairs{Repair::nuls, Repair::header, Repair::very_long_lines,
                                    Repair::long_lines};

// "NUL bytes removed", for reports.
std::string_view words_of(Repair step);

struct Repaired {
  std::unique_ptr<mail::Body> body;
  bool changed = false;  // false: there was nothing to do, and the body is the one given
};

// One step on a body with CR LF line ends; any size, read where it lies.
Repaired repaired(std::unique_ptr<mail::Body> body, Repair step);

}  // namespace postferry::engine
