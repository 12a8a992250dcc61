#pragma once

#include <span>

#include <postferry/base/error.h>

namespace postferry::cli {

// The interface to scripts; the manual page has the list.
enum class Exit : int {
  complete = 0,
  failed = 1,
  usage = 2,
  partly = 3,
  refused = 4,
  damaged = 5,
  locked = 6,
  later = 75,
  interrupted = 130
};

Exit exit_of(const Error& error);

// Of several accounts: the worst of 130, 5, 1, 2, 4, 3, 75 counts; 6 only if all were locked, otherwise a
// locked one counts as 75 (its mail will be carried by whoever holds the lock, or next time).
Exit worst(std::span<const Exit> all);

}  // namespace postferry::cli
