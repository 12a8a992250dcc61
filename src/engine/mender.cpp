#include "mender.h"

#include <utility>

#include <postferry/mail/digester.h>

namespace postferry::engine {

bool Mender::mend(mail::Outgoing& outgoing, const Error& why) {
  auto& message = outgoing.message;
  auto& mending = mended_.try_emplace(outgoing.ticket, Mending{message.digests}).first->second;
  if (!mending.first) mending.first = why;
  while (mending.next < repairs.size()) {
    const auto step = repairs.at(mending.next++);
    auto [body, changed] = repaired(std::move(message.body), step);
    message.body = std::move(body);
    if (!changed) continue;
    mending.altered = static_cast<std::uint8_t>(mending.altered | static_cast<std::uint8_t>(step));
    message.digests = mail::digests_of(*message.body);
    return true;
  }
  message.digests = mending.original;
  return false;
}

void Mender::mend_beforehand(mail::Outgoing& outgoing, Repair step) {
  auto& message = outgoing.message;
  auto [body, changed] = repaired(std::move(message.body), step);
  message.body = std::move(body);
  if (!changed) return;
  auto& mending = mended_.try_emplace(outgoing.ticket, Mending{message.digests}).first->second;
  mending.altered = static_cast<std::uint8_t>(mending.altered | static_cast<std::uint8_t>(step));
  if (step == Repair::header) mending.altered = static_cast<std::uint8_t>(mending.altered | mended_beforehand);
  message.digests = mail::digests_of(*message.body);
}

const Mending* Mender::find(std::uint64_t ticket) const {
  const auto found = mended_.find(ticket);
  return found == mended_.end() ? nullptr : &found->second;
}

std::optional<Mending> Mender::take(std::uint64_t ticket) {
  const auto found = mended_.find(ticket);
  if (found == mended_.end()) return std::nullopt;
  auto out = std::move(found->second);
  mended_.erase(found);
  return out;
}

std::string words_of(std::uint8_t altered) {
  std::string out;
  for (const auto step : repairs) {
    if ((altered & static_cast<std::uint8_t>(step)) == 0) continue;
    out += (out.empty() ? "" : ", ") + std::string(words_of(step));
  }
  return out;
}

}  // namespace postferry::engine
