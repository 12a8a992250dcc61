#include "bulk_fetch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace postferry::imap {

std::string uid_set(std::span<const Uid> ascending) {
  std::string out;
  for (std::size_t i = 0; i < ascending.size();) {
    std::size_t last = i;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), "{}", ascending[i]);
    if (last > i) fmt::format_to(std::back_inserter(out), ":{}", ascending[last]);
    i = last + 1;
  }
  return out;
}

BulkFetch::BulkFetch(Session::State& session, std::span<const Uid> uids, std::span<const std::uint64_t> sizes,
                     std::string items, Bodies& to)
    : session_(session), uids_(uids), sizes_(sizes), items_(std::move(items)), to_(to), got_(uids.size()) {}

std::vector<Refused> BulkFetch::run() {
  session_.in_flight = 0;
  session_.pipe.doing(Doing::reading);
  try {
    cut(0, uids_.size());
    work();
    std::sort(again_.begin(), again_.end());
    for (const auto index : again_) work_.push_back({index, index + 1, true});
    work();
  } catch (...) {
    session_.in_flight = suspect();
    throw;
  }
  session_.pipe.doing(Doing::other);
  std::sort(refused_.begin(), refused_.end(),
            [](const Refused& a, const Refused& b) { return a.uid < b.uid; });
  return std::move(refused_);
}

void BulkFetch::cut(std::size_t from, std::size_t to) {
  while (from < to) {
    auto end = from;
    std::uint64_t bytes = 0;
    do {
      if (!sizes_.empty())
        bytes += std::min(sizes_[end], session_.window.bytes);  // no overflow, whatever it claims
      ++end;
    } while (end < to && end - from < session_.window.messages && bytes < session_.window.bytes);
    work_.push_back({from, end});
    from = end;
  }
}

void BulkFetch::work() {
  const auto window = std::max(1u, session_.window.commands);
  while (!work_.empty() || !in_flight_.empty()) {
    while (!work_.empty() && in_flight_.size() < window) {
      send(work_.front());
      work_.pop_front();
    }
    const auto heard = session_.pipe.hear(*this);
    if (heard.kind == Pipe::Heard::Kind::tagged) answered(heard.tag, heard.reply);
  }
}

void BulkFetch::send(Batch batch) {
  const auto set = uid_set(uids_.subspan(batch.from, batch.to - batch.from));
  batch.tag = session_.pipe.send(fmt::format("UID FETCH {} {}", set, items_));
  in_flight_.push_back(batch);
}

void BulkFetch::answered(Pipe::Tag tag, const Reply& reply) {
  const auto it =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Batch& one) { return one.tag == tag; });
  if (it == in_flight_.end()) return;
  const auto batch = *it;
  in_flight_.erase(it);
  const auto no = std::exchange(last_no_, {});
  // Quirk 22: [EXPUNGEISSUED] says that some are gone, not that the batch is bad.
  if (!reply.ok() && reply.code != "EXPUNGEISSUED") return refused(batch, reply);
  for (auto i = batch.from; i < batch.to; ++i) {
    if (got_[i]) continue;
    if (batch.alone) {
      give_up(i, reply.ok() ? no : reply.text);
    } else {
      again_.push_back(i);  // quirk 19: Yahoo forgets some at random, and has them when asked again
    }
  }
}

void BulkFetch::refused(const Batch& batch, const Reply& reply) {
  const auto why = session_.refusal(reply);
  if (why.blast > Blast::message) throw why;
  std::size_t from = batch.from, to = batch.to;
  while (from < to && got_[from]) ++from;  // what came before the NO has come
  while (from < to && got_[to - 1]) --to;
  if (from == to) return;
  if (to - from == 1) {
    // A NO may be a matter of the moment: one more chance, at the end, as for what got no answer at all.
    if (!batch.alone) return again_.push_back(from);
    return give_up(from, why.what());
  }
  const auto middle = from + (to - from) / 2;
  work_.push_front({middle, to});
  work_.push_front({from, middle});
}

void BulkFetch::give_up(std::size_t index, std::string text) {
  refused_.push_back({uids_[index], std::move(text)});
}

// The index of a UID that was asked for, or uids_.size(). Answers come in order, as a rule.
std::size_t BulkFetch::place(Uid uid) {
  if (next_ >= uids_.size() || uids_[next_] != uid) {
    const auto it = std::lower_bound(uids_.begin(), uids_.end(), uid);
    if (it == uids_.end() || *it != uid) return uids_.size();
    next_ = static_cast<std::size_t>(it - uids_.begin());
  }
  return next_++;
}

Uid BulkFetch::suspect() const {
  if (session_.fetch.in_body() && session_.fetch.uid() != 0) return session_.fetch.uid();
  for (const auto& batch : in_flight_) {
    for (auto i = batch.from; i < batch.to; ++i) {
      if (!got_[i]) return uids_[i];
    }
  }
  return 0;
}

void BulkFetch::fetch(std::uint32_t sequence, Wire& wire) { session_.fetch.read(sequence, wire, this); }

void BulkFetch::condition(const Reply& reply) {
  if (reply.status == Status::no) last_no_ = reply.text;
}

void BulkFetch::begin(const Fetched& before, std::uint64_t size) { to_.begin(before, size); }

void BulkFetch::end(const Fetched& items) {
  const auto index = place(items.uid);
  if (index == uids_.size() || got_[index]) return;  // nobody asked, or it has been told already
  got_[index] = true;
  to_.end(items);
}

void BulkFetch::no_body(const Fetched& items) {
  if (last_no_.empty()) last_no_ = "the server sent NIL instead of the message";
  to_.no_body(items);
}

RangeFetch::RangeFetch(Session::State& session, std::span<const mail::Span> spans, std::string items,
                       Bodies* bodies, unsigned window)
    : session_(session),
      spans_(spans),
      items_(std::move(items)),
      bodies_(bodies),
      window_(std::max(1u, window)) {}

void RangeFetch::run(const Done& done, const std::function<void(const Fetched&)>& found) {
  session_.in_flight = 0;
  session_.pipe.doing(Doing::reading);
  found_ = found ? &found : nullptr;
  std::deque<std::pair<Pipe::Tag, std::size_t>> in_flight;
  try {
    for (std::size_t next = 0; next < spans_.size() || !in_flight.empty();) {
      while (next < spans_.size() && in_flight.size() < window_) {
        const auto& span = spans_[next];
        in_flight.emplace_back(
            session_.pipe.send(fmt::format("UID FETCH {}:{} {}", span.first, span.last, items_)), next);
        ++next;
      }
      const auto heard = session_.pipe.hear(*this);
      if (heard.kind != Pipe::Heard::Kind::tagged) continue;
      const auto it = std::find_if(in_flight.begin(), in_flight.end(),
                                   [&](const auto& one) { return one.first == heard.tag; });
      if (it == in_flight.end()) continue;
      const auto index = it->second;
      in_flight.erase(it);
      if (!heard.reply.ok() && heard.reply.code != "EXPUNGEISSUED") {
        const auto why = session_.refusal(heard.reply);
        if (why.blast > Blast::message) throw why;
        refusal_ = heard.reply;
        done(index, false);
      } else {
        done(index, true);
      }
    }
  } catch (...) {
    if (session_.fetch.in_body()) session_.in_flight = session_.fetch.uid();
    throw;
  }
  session_.pipe.doing(Doing::other);
}

void RangeFetch::fetch(std::uint32_t sequence, Wire& wire) {
  const auto& items = session_.fetch.read(sequence, wire, bodies_);
  if (found_ == nullptr || items.uid == 0) return;
  const auto it = std::lower_bound(spans_.begin(), spans_.end(), items.uid,
                                   [](const mail::Span& span, Uid uid) { return span.last < uid; });
  if (it != spans_.end() && it->contains(items.uid)) (*found_)(items);
}

std::vector<Refused> Session::fetch_headers(std::span<const Uid> uids, Bodies& to) {
  return BulkFetch(*state_, uids, {}, "(UID BODY.PEEK[HEADER])", to).run();
}

std::vector<Refused> Session::fetch_bodies(std::span<const Uid> uids, std::span<const std::uint64_t> sizes,
                                           Bodies& to) {
  return BulkFetch(*state_, uids, sizes, "(" + state_->items() + " BODY.PEEK[])", to).run();
}

void Session::fetch_bodies(std::span<const mail::Span> spans, Bodies& to,
                           const std::function<void(std::size_t, bool)>& done) {
  RangeFetch(*state_, spans, "(" + state_->items() + " BODY.PEEK[])", &to, state_->window.commands).run(done);
}

namespace {

void list_spans(RangeFetch& fetch, const std::function<void(const Fetched&)>& found,
                const std::function<Error(const Reply&)>& refusal) {
  std::optional<Reply> no;
  fetch.run(
      [&](std::size_t, bool whole) {
        if (!whole) no = fetch.refusal();
      },
      found);
  if (!no) return;
  throw Error(Cause::rejected, Blast::folder, Retry::never,
              fmt::format("the messages cannot be listed: {}", refusal(*no).what()));
}

// Answers are small: four commands keep the wire busy over any distance.
constexpr unsigned listings_in_flight = 4;

}  // namespace

void Session::fetch_meta(std::span<const mail::Span> spans,
                         const std::function<void(const Fetched&)>& found) {
  RangeFetch fetch(*state_, spans, "(" + state_->items() + ")", nullptr,
                   state_->window.commands > 1 ? listings_in_flight : 1);
  list_spans(fetch, found, [this](const Reply& reply) { return state_->refusal(reply); });
}

void Session::glance(Uid from, const std::function<void(const Fetched&)>& found) {
  if (state_->window.commands <= 1) return;
  state_->pipe.send_unasked("NOOP");
  const mail::Span span{from, mail::Span{}.last};
  fetch_flags(std::span(&span, 1), found);
}

void Session::fetch_flags(std::span<const mail::Span> spans,
                          const std::function<void(const Fetched&)>& found) {
  RangeFetch fetch(*state_, spans, std::string(listing_of_flags), nullptr,
                   state_->window.commands > 1 ? listings_in_flight : 1);
  list_spans(fetch, found, [this](const Reply& reply) { return state_->refusal(reply); });
}

}  // namespace postferry::imap
