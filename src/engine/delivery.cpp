#include "delivery.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "eight_bit.h"

namespace postferry::engine {
namespace {

// A server that was too slow for us may still finish what it had begun when the connection was lost.
constexpr std::chrono::seconds settling_time{3};
// As often a message may be alone on the wire when the session dies.
constexpr unsigned most_lost_alone = 2;

Sent sent_from(const mail::Outgoing& outgoing) {
  Sent sent;
  sent.ticket = outgoing.ticket;
  sent.meta = outgoing.message.meta;
  sent.digests = outgoing.message.digests;
  sent.bytes = outgoing.message.body->size();
  return sent;
}

}  // namespace

std::vector<mail::Outgoing> alone(mail::Outgoing outgoing) {
  std::vector<mail::Outgoing> batch;
  batch.push_back(std::move(outgoing));
  return batch;
}

void Delivery::deliver(std::vector<mail::Outgoing> batch) {
  const bool was_alone = batch.size() == 1;
  auto missing = attempt(std::move(batch));
  const unsigned lost = was_alone && session_died() ? 1 : 0;
  if (was_put_off_ && (missing.size() > 1 || any_got_in_)) missing = one_by_one(std::move(missing));
  for (auto& one : missing) deliver_alone(std::move(one), lost);
}

void Delivery::deliver_alone(mail::Outgoing outgoing, unsigned lost) {
  while (lost < most_lost_alone) {
    auto missing = attempt(alone(std::move(outgoing)));
    if (missing.empty()) return;
    outgoing = std::move(missing.front());
    if (session_died()) ++lost;
  }
  refused(std::move(outgoing), Error(Cause::network, Blast::message, Retry::never,
                                     fmt::format("{}: every session died while it was sent there: {}",
                                                 folder_.name(), trouble_->what())));
}

// Not where the server sent us away: that is no fault of the message.
bool Delivery::session_died() const {
  return trouble_ && trouble_->blast == Blast::session && trouble_->cause != Cause::throttled;
}

// Sends all of it at once; afterwards looks what has become of it. Returns what is certainly not there.
std::vector<mail::Outgoing> Delivery::attempt(std::vector<mail::Outgoing> batch, Waits waits) {
  mark_ = folder_.inventory().next();
  seen_.clear();
  put_off_.clear();
  any_got_in_ = false;
  munged_.clear();
  for (const auto& one : batch) {
    if (auto digests = munged_digests(*one.message.body)) munged_.emplace(one.ticket, std::move(*digests));
  }
  trouble_ = transmit(std::move(batch));
  was_put_off_ = !put_off_.empty() && trouble_ && trouble_->retry == Retry::later && !trouble_->retry_after;
  try {
    if (trouble_ && (waits == Waits::yes || !was_put_off_)) patience_.after(*trouble_, world_.stop);
    look_and_match();
    if (!doubt_.empty()) {
      world_.clock.sleep_for(settling_time, world_.stop);
      look_and_match();
    }
    read_back();
  } catch (const GivenUp&) {
    tell_stored();
    throw;
  } catch (const Cancelled&) {
    tell_stored();
    throw;
  }
  tell_stored();
  auto missing = std::exchange(doubt_, {});
  for (auto& one : std::exchange(put_off_, {})) missing.push_back(std::move(one));
  return missing;
}

std::optional<Error> Delivery::transmit(std::vector<mail::Outgoing> batch) {
  try {
    // An open session first: what was not handed over to one is not in doubt.
    session_.run([](mail::DestinationFolder&) {});
    session_.folder()->append(std::move(batch), mark_, *this);
    session_.folder()->drain(*this);
    return std::nullopt;
  } catch (const Error& error) {
    doubt_ = session_.folder()->take_back();
    session_.drop();
    return error;
  }
}

void Delivery::appended(mail::Outgoing outgoing, std::optional<std::uint32_t> number) {
  auto& sent = add_sent(outgoing);
  if (number && *number != 0) sent.number = number;
}

void Delivery::refused(mail::Outgoing outgoing, const Error& why) {
  patience_.progress();
  results_.refused(std::move(outgoing), why);
}

void Delivery::keywords_refused(const mail::Outgoing&, const std::set<std::string>& keywords) {
  for (const auto& keyword : keywords) folder_.keyword_dropped(keyword);
}

void Delivery::look_and_match() {
  Sighting sight;
  if (all_seen() || all_seen_at_a_glance()) {
    for (const auto& [number, found] : seen_) add_newcomer(sight, found);
  } else {
    sight = session_.run([this](mail::DestinationFolder&) { return look(); });
  }
  match(sight);
  add_to_inventory(sight);
}

// Each has its number, and lies where the answers have shown it: nothing is left to be asked.
bool Delivery::all_seen() const {
  return !trouble_ && doubt_.empty() && std::all_of(sent_.begin(), sent_.end(), [this](const Sent& sent) {
    return sent.number && seen_.contains(*sent.number);
  });
}

// Where nothing is in doubt, every number is known, and the answers have left something out.
bool Delivery::all_seen_at_a_glance() {
  const auto has_number = [](const Sent& sent) { return sent.number.has_value(); };
  if (trouble_ || !doubt_.empty() || !std::all_of(sent_.begin(), sent_.end(), has_number)) return false;
  session_.run([this](mail::DestinationFolder& folder) { folder.glance(mark_, *this); });
  return all_seen();
}

void Delivery::add_newcomer(Sighting& sight, const mail::Found& found) const {
  if (found.number >= mark_ && !folder_.inventory().has(found.number))
    sight.newcomers.push_back({found, {}, {}, {}, false});
}

Delivery::Sighting Delivery::look() {
  session_.look();
  Sighting sight;
  auto& folder = *session_.folder();
  folder.survey(mark_, [&](const mail::Found& found) { add_newcomer(sight, found); });
  describe(folder, sight);
  return sight;
}

// Headers, and where they do not decide, contents of those that might be ours. Nothing, as a rule: the
// answers have told the numbers.
void Delivery::describe(mail::DestinationFolder& folder, Sighting& sight) {
  std::vector<std::uint32_t> nameless;
  for (const auto& one : sight.newcomers) {
    const bool told = std::any_of(sent_.begin(), sent_.end(),
                                  [&](const Sent& sent) { return sent.number == one.found.number; });
    if (!told) nameless.push_back(one.found.number);
  }
  const bool wanted = !doubt_.empty() ||
                      std::any_of(sent_.begin(), sent_.end(), [](const Sent& sent) { return !sent.number; });
  if (nameless.empty() || !wanted) return;
  folder.headers(nameless, [&](std::uint32_t number, const mail::HeaderId& header,
                               const std::optional<mail::MatchKey>& key) {
    for (auto& one : sight.newcomers) {
      if (one.found.number == number) one.header = header, one.key = key;
    }
  });
  for (auto& one : sight.newcomers) {
    if (content_is_needed(one)) one.content = folder_.canonical_of(folder, one.found.number);
  }
  if (!doubt_.empty()) sight.keeps_content = folder_.keeps_content(folder);
}

bool Delivery::content_is_needed(const Newcomer& newcomer) const {
  if (!newcomer.header) return false;
  const auto same_header = [&](const mail::Digests& digests) { return digests.header == *newcomer.header; };
  const auto unnumbered = std::count_if(sent_.begin(), sent_.end(), [&](const Sent& sent) {
    return !sent.number && same_header(sent.digests);
  });
  return unnumbered > 1 || std::any_of(doubt_.begin(), doubt_.end(), [&](const mail::Outgoing& one) {
           return same_header(one.message.digests) || is_munged(one.ticket, *newcomer.header);
         });
}

void Delivery::match(Sighting& sight) {
  match_numbers(sight);
  match_doubt_by_content(sight);
  match_unnumbered(sight);
  match_doubt_by_key(sight);
}

void Delivery::match_numbers(Sighting& sight) {
  for (auto& sent : sent_) {
    const auto newcomer = std::find_if(sight.newcomers.begin(), sight.newcomers.end(),
                                       [&](const Newcomer& one) { return sent.number == one.found.number; });
    if (newcomer == sight.newcomers.end()) continue;
    newcomer->taken = true;
    sent.size = newcomer->found.size;
  }
}

void Delivery::match_doubt_by_content(Sighting& sight) {
  for (auto& newcomer : sight.newcomers) {
    if (newcomer.taken || !newcomer.content) continue;
    const auto ours = std::find_if(doubt_.begin(), doubt_.end(), [&](const mail::Outgoing& one) {
      return is_same(one, *newcomer.content);
    });
    if (ours != doubt_.end()) found_after_all(static_cast<std::size_t>(ours - doubt_.begin()), newcomer);
  }
}

// The server does not say which number an APPEND got (no UIDPLUS): by content where it was asked for, else by
// header, else, if as many came as were sent, in the order in which they were sent. What is left without a
// number is recognised by the next run.
void Delivery::match_unnumbered(Sighting& sight) {
  const auto give = [](Sent& sent, Newcomer& newcomer) {
    sent.number = newcomer.found.number;
    sent.size = newcomer.found.size;
    newcomer.taken = true;
  };
  for (const bool by_content : {true, false}) {
    for (auto& sent : sent_) {
      if (sent.number) continue;
      const auto newcomer =
          std::find_if(sight.newcomers.begin(), sight.newcomers.end(), [&](const Newcomer& one) {
            if (one.taken) return false;
            return by_content ? one.content == sent.digests.canonical
                              : !one.content && one.header == sent.digests.header;
          });
      if (newcomer != sight.newcomers.end()) give(sent, *newcomer);
    }
  }
  std::vector<Sent*> left;
  std::vector<Newcomer*> free;
  for (auto& sent : sent_) {
    if (!sent.number) left.push_back(&sent);
  }
  for (auto& one : sight.newcomers) {
    if (!one.taken) free.push_back(&one);
  }
  if (!doubt_.empty() || left.size() != free.size()) return;
  for (std::size_t i = 0; i < left.size(); ++i) give(*left[i], *free[i]);
}

// A server that changes what it is given (headers added, MIME put in another form) leaves only the key to go
// by. It is believed for one message that just appeared and one that is in doubt, if both are the only ones
// of that key, and never where this server has shown that it keeps content.
void Delivery::match_doubt_by_key(Sighting& sight) {
  if (sight.keeps_content) return;
  for (auto& newcomer : sight.newcomers) {
    if (newcomer.taken || !newcomer.key) continue;
    const auto has_key = [&](const mail::Outgoing& one) { return one.message.digests.match == newcomer.key; };
    const auto twins = std::count_if(sight.newcomers.begin(), sight.newcomers.end(),
                                     [&](const Newcomer& one) { return one.key == newcomer.key; });
    if (twins != 1 || std::count_if(doubt_.begin(), doubt_.end(), has_key) != 1) continue;
    const auto ours = std::find_if(doubt_.begin(), doubt_.end(), has_key);
    found_after_all(static_cast<std::size_t>(ours - doubt_.begin()), newcomer);
  }
}

void Delivery::found_after_all(std::size_t doubt, Newcomer& newcomer) {
  newcomer.taken = true;
  auto& sent = add_sent(doubt_[doubt]);
  sent.number = newcomer.found.number;
  sent.size = newcomer.found.size;
  doubt_.erase(doubt_.begin() + static_cast<std::ptrdiff_t>(doubt));
}

void Delivery::add_to_inventory(const Sighting& sight) {
  // While something is in doubt the rest may still turn out to be it.
  for (const auto& one : sight.newcomers) {
    if (one.taken) folder_.inventory().add_taken(one.found);
  }
  if (!doubt_.empty()) return;
  for (const auto& one : sight.newcomers) folder_.inventory().add_stray(one.found);
}

Sent& Delivery::add_sent(const mail::Outgoing& outgoing) {
  auto& sent = sent_.emplace_back(sent_from(outgoing));
  if (munged_.contains(sent.ticket)) sent.header = Sent::Header::not_read;
  return sent;
}

bool Delivery::is_munged(std::uint64_t ticket, const mail::HeaderId& header) const {
  const auto munged = munged_.find(ticket);
  return munged != munged_.end() && munged->second.header == header;
}

bool Delivery::is_same(const mail::Outgoing& ours, const mail::CanonicalId& content) const {
  const auto munged = munged_.find(ours.ticket);
  return ours.message.digests.canonical == content ||
         (munged != munged_.end() && munged->second.canonical == content);
}

// Of those that have 8-bit bytes in it. A header that differs in another way than we know may be told
// differently from how it lies there (imap quirks 17, 18): then the whole message decides.
void Delivery::read_back() {
  std::map<std::uint32_t, Sent*> unread;
  std::vector<std::uint32_t> numbers;
  for (auto& sent : sent_) {
    if (sent.number && sent.header == Sent::Header::not_read) unread.emplace(*sent.number, &sent);
  }
  if (unread.empty()) return;
  for (const auto& [number, sent] : unread) numbers.push_back(number);
  session_.run([&](mail::DestinationFolder& there) {
    std::map<std::uint32_t, mail::HeaderId> odd;
    there.headers(numbers, [&](std::uint32_t number, const mail::HeaderId& header,
                               const std::optional<mail::MatchKey>&) {
      const auto found = unread.find(number);
      if (found == unread.end()) return;
      if (header == found->second->digests.header)
        found->second->header = Sent::Header::as_sent;
      else
        odd.insert_or_assign(number, header);
    });
    for (const auto& [number, header] : odd) {
      auto& sent = *unread.at(number);
      if (sent.header == Sent::Header::as_sent) continue;
      const bool munged = is_munged(sent.ticket, header);
      const auto content = munged ? std::nullopt : folder_.canonical_of(there, number);
      if (munged || content)
        sent.header = content == sent.digests.canonical ? Sent::Header::as_sent : Sent::Header::changed;
    }
  });
}

void Delivery::tell_stored() {
  if (sent_.empty()) return;
  for (const auto& sent : sent_) {
    if (!sent.number) continue;
    folder_.inventory().expect(*sent.number);
    if (sent.header <= Sent::Header::as_sent) folder_.remember_sample(*sent.number, sent.digests.canonical);
  }
  any_got_in_ = true;
  patience_.progress();
  results_.stored(std::exchange(sent_, {}));
}

}  // namespace postferry::engine
