#include "pop3_listing.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::endpoints {
namespace {

// RFC 1939 says 70 characters of 0x21 to 0x7E. Longer ones and ones with a blank inside exist and tell
// messages apart just as well; what has controls or 8-bit bytes, or fills a buffer, does not come from a mail
// server.
constexpr std::size_t longest_uidl = 255;

bool is_fit(const std::string& uidl) {
  const auto printable_ascii = [](char c) { return c >= 0x20 && c < 0x7F; };
  return uidl.size() <= longest_uidl && std::all_of(uidl.begin(), uidl.end(), printable_ascii);
}

[[noreturn]] void refuse(const std::string& what) {
  Error error(Cause::protocol, Blast::endpoint, Retry::never,
              what +
                  ": the messages of this server cannot be told apart from one run to the next, so they "
                  "cannot be kept safely");
  error.advice = "If this mailbox can be read over IMAP too, use imaps:// for it.";
  throw error;
}

void check_uidls(const pop3::Session& session, const std::vector<pop3::Drop>& drops) {
  if (!session.has_uidl() && !drops.empty()) refuse("the server does not answer UIDL");
  std::unordered_map<std::string_view, unsigned> numbers;
  numbers.reserve(drops.size());
  for (const auto& drop : drops) {
    if (drop.uidl.empty()) refuse(fmt::format("the server gives no UIDL for message {}", drop.number));
    if (!is_fit(drop.uidl)) {
      refuse(fmt::format("the server gives message {} the UIDL \"{}\" ({} bytes)", drop.number,
                         printable(drop.uidl, 60), drop.uidl.size()));
    }
    const auto [other, is_new] = numbers.emplace(drop.uidl, drop.number);
    if (!is_new) {
      refuse(fmt::format("the server gives messages {} and {} the same UIDL \"{}\"", other->second,
                         drop.number, printable(drop.uidl, 60)));
    }
  }
}

}  // namespace

std::vector<pop3::Drop> pop3_listing(pop3::Session& session) {
  const auto promised = session.stat().messages;
  auto drops = session.list();
  if (promised && drops.size() < *promised) drops = session.list();
  check_uidls(session, drops);
  if (promised && drops.size() < *promised) {
    throw Error(Cause::protocol, Blast::folder, Retry::never,
                fmt::format("listing incomplete: STAT says {} messages, UIDL and LIST gave {}, twice",
                            *promised, drops.size()));
  }
  return drops;
}

}  // namespace postferry::endpoints
