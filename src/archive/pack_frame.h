#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <postferry/archive/toc.h>

namespace postferry::archive {

inline constexpr std::size_t frame_limit = 256U
                                           << 10U;     // raw; an entry that is larger gets frames of its own
inline constexpr std::size_t piece_limit = 1U << 20U;  // raw, of such an entry

// A piece of a pack on its way from put_*() through a compressor to the appender; or an order to the
// appender.
struct Frame {
  enum class Kind { mail, meta, sync, publish };

  Kind kind = Kind::mail;
  bool more = false;   // its entry goes on in the next frame
  bool large = false;  // from the pool of large ones
  std::uint64_t sequence = 0;
  std::vector<std::byte> raw, packed;
  std::vector<TocEntry> entries;       // that begin in it; their `frame` is not known yet
  std::vector<std::uint64_t> tickets;  // of the mails among them
  std::chrono::steady_clock::time_point opened;

  bool is_order() const { return kind == Kind::sync || kind == Kind::publish; }
  void clear() {
    more = false;
    raw.clear(), packed.clear(), entries.clear(), tickets.clear();
  }
};

}  // namespace postferry::archive
