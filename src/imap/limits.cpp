#include <algorithm>
#include <array>
#include <limits>

#include <postferry/base/text.h>
#include <postferry/imap/session.h>

#include "session_state.h"

namespace postferry::imap {
namespace {

// * QUOTA "User quota" (STORAGE 10 512 MESSAGE 20 100): units of 1024 bytes, used and allowed.
class Quota final : public Untagged {
 public:
  void data(std::string_view keyword, Wire& wire) override {
    if (keyword != "QUOTA") {
      wire.rest();
      return;
    }
    wire.astring();
    wire.expect('(');
    while (!wire.skip(')')) {
      const bool storage = equal_ignoring_case(wire.atom(), "STORAGE");
      const auto used = wire.number();
      const auto allowed = wire.number();
      if (!storage || !used || !allowed) continue;
      const auto free = *allowed > *used ? *allowed - *used : 0;
      const auto bytes = free > std::numeric_limits<std::uint64_t>::max() / 1024
                             ? std::numeric_limits<std::uint64_t>::max()
                             : free * 1024;
      left = std::min(left.value_or(bytes), bytes);
    }
  }

  std::optional<std::uint64_t> left;
};

// * STATUS INBOX (APPENDLIMIT 35651584), or NIL.
class Limit final : public Untagged {
 public:
  void data(std::string_view keyword, Wire& wire) override {
    if (keyword != "STATUS") return;
    wire.astring();
    wire.expect('(');
    while (!wire.skip(')')) {
      const bool ours = equal_ignoring_case(wire.atom(), "APPENDLIMIT");
      const auto value = wire.number();
      if (ours && value) bytes = value;
    }
  }

  std::optional<std::uint64_t> bytes;
};

}  // namespace

std::optional<std::uint64_t> Session::quota_left(std::string_view wire_name) {
  auto& pipe = state_->pipe;
  if (!pipe.capabilities().has("QUOTA")) return std::nullopt;
  pipe.doing(Doing::other);
  Quota quota;
  const std::array names{wire_name};
  // Refused, and it is not known: the server will say so when it is full.
  pipe.wait(pipe.send("GETQUOTAROOT", names, "", quota), quota);
  return quota.left;
}

std::optional<std::uint64_t> Session::append_limit(std::string_view wire_name) {
  auto& pipe = state_->pipe;
  if (const auto value = pipe.capabilities().value("APPENDLIMIT")) return parse_number(*value);
  if (!pipe.capabilities().has("APPENDLIMIT")) return std::nullopt;
  pipe.doing(Doing::other);
  Limit limit;
  const std::array names{wire_name};
  pipe.wait(pipe.send("STATUS", names, " (APPENDLIMIT)", limit), limit);
  return limit.bytes;
}

}  // namespace postferry::imap
