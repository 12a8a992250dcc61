#include "push_writer.h"

#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "canonical_body.h"
#include "eight_bit.h"
#include "flag_change.h"
#include "settled_verdict.h"

namespace postferry::engine {
namespace {

// So many messages in a row, small ones among them, and it is the account that is full.
constexpr unsigned patience_with_quota = 10;

mail::Placement placement(const SinkFolder& folder, std::uint32_t number, std::uint64_t size) {
  return {fmt::format("{}/{}", folder.epoch(), number), size};
}

std::uint32_t number_of(const mail::Placement& place) {
  const auto slash = place.where.find('/');
  if (slash == std::string::npos) return 0;
  return static_cast<std::uint32_t>(
      parse_number(std::string_view(place.where).substr(slash + 1)).value_or(0));
}

void describe(mail::Settled& settled, const mail::Meta& meta, const mail::Digests& digests,
              std::uint32_t number, std::chrono::sys_seconds now) {
  settled.since = now;
  settled.source = mail::lasting(meta.ref, number);
  settled.number = number;
  settled.flags = meta.flags;
  settled.told = meta.size.value_or(0);
  settled.canonical = digests.canonical;
  settled.header = digests.header;
  settled.merge = digests.merge;
}

Error no_nuls(const SinkFolder& folder) {
  return {Cause::rejected, Blast::message, Retry::never,
          fmt::format("{}: it holds NUL bytes, which IMAP cannot carry (RFC 3501, section 9); --repair removes them",
                      folder.name())};
}

// What one account has deleted or made unread is still the other's.
FlagChange for_shared(FlagChange change) {
  change.add.deleted = false;
  change.remove = {};
  return change;
}

}  // namespace

PushWriter::PushWriter(PushWorld& world, SinkFolder& folder, mail::LaneId lane, PushCounters& counters,
                       mail::Receipts& receipts)
    : world_(world),
      folder_(folder),
      lane_(lane),
      counters_(counters),
      receipts_(receipts),
      patience_(world.limits, world.clock, world.events),
      session_(world.destination, folder.path(), mail::Opening::to_append, folder.name(), patience_, world.stop, std::stop_token{}),
      recogniser_(world, folder, lane, session_, patience_),
      delivery_(world, folder, session_, patience_,
                {[this](const std::vector<Sent>& sent) { stored(sent); },
                 [this](mail::Outgoing one, const Error& why) { refused(std::move(one), why); }}) {
  const auto turn = folder_.turn(session_);
  folder_.writer_starts();
  session_.expect(folder_.epoch());
}

PushWriter::~PushWriter() {
  if (finished_) return;
  const auto turn = folder_.turn(session_);
  folder_.writer_fails();
}

void PushWriter::write(mail::Message message) {
  message.body = with_crlf(std::move(message.body));
  if (is_there(message) || is_merged(message)) {
    if (pending_.size() >= world_.options.batch_messages) settle_pending();
    return;
  }
  check_writable();
  if (too_large(message)) return;
  const bool nul = has_nul(*message.body);
  if (nul && !world_.options.repair) return give_up(message, no_nuls(folder_));
  auto outgoing = outgoing_of(std::move(message));
  if (nul && lies_there_without_nuls(outgoing)) return;
  if (world_.options.repair && has_8bit_header(*outgoing.message.body)) return collect_8bit(std::move(outgoing));
  collect(std::move(outgoing));
}

bool PushWriter::is_there(const mail::Message& message) {
  const auto turn = folder_.turn(session_);
  const auto found = recogniser_.find(message);
  if (!found) return false;
  const Mending mending{message.digests, {}, static_cast<std::uint8_t>(Repair::header) | mended_beforehand};
  adopt(message, found->number, found->mended ? &mending : nullptr);
  return true;
}

// A message that lay there before: it is settled, and gets the flags it lacks.
void PushWriter::adopt(const mail::Message& message, std::uint32_t number, const Mending* mending) {
  const auto found = folder_.inventory().find(number).value_or(mail::Found{});
  change_flags(number, flag_change(world_.options, message.meta.flags, nullptr, found.flags));
  mail::Settled settled;
  settled.size = found.size;
  const auto& digests = mending != nullptr ? mending->original : message.digests;
  describe(settled, message.meta, digests, number, now());
  if (mending != nullptr) settled.altered = mending->altered;
  if (folder_.is_damaged(number)) settled.damaged = digests.headline;
  pending_.push_back({std::move(settled), message.meta.ref});
  ++counters_.recognised;
}

// It has reached another account too, and lies there by that one's copy.
bool PushWriter::is_merged(const mail::Message& message) {
  if (world_.options.merge_with.empty()) return false;
  const auto turn = folder_.turn(session_);
  const auto number = folder_.shared().take(message.digests.merge);
  if (!number) return is_merged_with_stray(message);
  const auto found = folder_.inventory().find(*number).value_or(mail::Found{});
  change_flags(*number, for_shared(flag_change(world_.options, message.meta.flags, nullptr, found.flags)));
  mail::Settled settled;
  settled.size = found.size;
  settled.shared = true;
  describe(settled, message.meta, message.digests, *number, now());
  if (folder_.is_damaged(*number)) settled.damaged = message.digests.headline;
  pending_.push_back({std::move(settled), message.meta.ref});
  ++counters_.merged;
  world_.events.on(
      mail::event::Merged{folder_.name(), message.digests.headline, folder_.shared().owner_of(*number)});
  return true;
}

// The ledger that knew whose it is was lost: it is this message's now, and the others' by this one.
bool PushWriter::is_merged_with_stray(const mail::Message& message) {
  const auto number = recogniser_.merged(message);
  if (!number) return false;
  adopt(message, *number);
  world_.events.on(mail::event::Merged{folder_.name(), message.digests.headline, {}});
  return true;
}

void PushWriter::check_writable() {
  if (std::exchange(checked_, true)) return;
  const bool read_only = session_.run([](mail::DestinationFolder& there) { return there.read_only(); });
  if (!read_only) return;
  throw Error(Cause::rejected, Blast::folder, Retry::never,
              fmt::format("{}: the server opens it read-only, nothing can be put into it", folder_.name()));
}

bool PushWriter::too_large(const mail::Message& message) {
  const auto limit = world_.traits.append_limit;
  const auto size = message.body->size();
  if (!limit || size <= *limit) return false;
  give_up(message, Error(Cause::rejected, Blast::message, Retry::never,
                         fmt::format("{}: {} is more than the {} that the server takes", folder_.name(),
                                     human_bytes(size), human_bytes(*limit))));
  return true;
}

std::chrono::sys_seconds PushWriter::now() const {
  return std::chrono::floor<std::chrono::seconds>(world_.clock.now());
}

mail::Outgoing PushWriter::outgoing_of(mail::Message message) {
  const auto date = arrival_date(message.meta.received, *message.body, now());
  counters_.dated(date.origin);
  mail::Outgoing outgoing;
  outgoing.ticket = next_ticket_++;
  outgoing.flags = taken_flags(message.meta.flags);
  if (world_.options.skip_deleted) outgoing.flags.deleted = false;
  outgoing.date = date.at;
  outgoing.message = std::move(message);
  return outgoing;
}

void PushWriter::collect(mail::Outgoing outgoing) {
  batch_bytes_ += outgoing.message.body->size();
  batch_.push_back(std::move(outgoing));
  if (batch_.size() >= world_.options.batch_messages || batch_bytes_ >= world_.options.batch_bytes) send();
}

// Without the keywords that this folder does not take (PERMANENTFLAGS without \*).
mail::Flags PushWriter::taken_flags(mail::Flags flags) {
  if (flags.keywords.empty()) return flags;
  std::set<std::string> taken;
  session_.run([&](mail::DestinationFolder& there) {
    taken.clear();
    for (const auto& keyword : flags.keywords) {
      if (there.takes_keyword(keyword)) taken.insert(keyword);
    }
  });
  for (const auto& keyword : flags.keywords) {
    if (!taken.contains(keyword)) folder_.keyword_dropped(keyword);
  }
  flags.keywords = std::move(taken);
  return flags;
}

bool PushWriter::change_flags(std::uint32_t number, FlagChange change) {
  change.add = taken_flags(std::move(change.add));
  if (change.empty()) return true;
  try {
    session_.run(
        [&](mail::DestinationFolder& there) { there.change_flags(number, change.add, change.remove); });
  } catch (const GivenUp& why) {
    if (why.action != Action::give_up_message) throw;
    world_.events.on(mail::event::Note{
        folder_.name(),
        fmt::format("the flags of message {} could not be changed: {}", number, why.error.what())});
    return false;
  }
  return true;
}

void PushWriter::keep(const mail::Known& known) {
  const auto number = number_of(known.place);
  const auto found = folder_.inventory().find(number);
  if (!found) return;
  auto change = flag_change(world_.options, known.meta.flags, &known.carried, found->flags);
  const auto ref = mail::lasting(known.meta.ref, number);
  const bool is_renamed = known.same_as && *known.same_as != ref;
  const bool is_reflagged = known.meta.flags != known.carried;
  if (change.empty() && !is_renamed && !is_reflagged) return;
  std::optional<mail::Settled> settled;
  mail::Meta before;
  before.ref = is_renamed ? *known.same_as : ref;
  world_.ledger.known(lane_, std::span(&before, 1),
                      [&](std::size_t, const mail::Settled& one) { settled = one; });
  if (settled && settled->shared) change = for_shared(std::move(change));
  const bool is_changed = change_flags(number, std::move(change)) && is_reflagged;
  if (!settled || !(is_changed || is_renamed)) return;
  settled->source = ref;
  if (known.by_header) settled->since.reset();
  if (is_changed) settled->flags = known.meta.flags;
  if (is_renamed) {
    settled->told = known.meta.size.value_or(0);
    const auto turn = folder_.turn(session_);
    folder_.moved(lane_, number, ref);
  }
  pending_.push_back({std::move(*settled), {}});
  if (pending_.size() >= world_.options.batch_messages) settle_pending();
}

void PushWriter::idle() {
  if (!batch_.empty()) send();
  settle_pending();
  session_.drop();
}

void PushWriter::finish() {
  idle();
  const auto turn = folder_.turn(session_);
  finished_ = true;
  folder_.writer_ends();
}

void PushWriter::send() {
  batch_bytes_ = 0;
  {
    const auto turn = folder_.turn(session_);
    folder_.note_open();
    delivery_.deliver(std::exchange(batch_, {}));
    mend_refused();
  }
  settle_pending();
  session_.drop();  // for who waits for one; if nobody does, it is there for the next batch
  if (full_) throw *full_;
}

void PushWriter::stored(const std::vector<Sent>& sent) {
  std::vector<mail::Settled> settled;
  std::vector<const Sent*> sure;
  for (const auto& one : sent) {
    if (one.header == Sent::Header::not_read) {
      give_up_unread(one);
    } else {
      settled.push_back(settlement_of(one));
      sure.push_back(&one);
    }
  }
  world_.ledger.settle(lane_, settled);
  refused_for_quota_ = 0;
  counters_.sent += sent.size();
  for (std::size_t i = 0; i < sure.size(); ++i) answer(sure[i]->meta.ref, settled[i], sure[i]->bytes);
}

mail::Settled PushWriter::settlement_of(const Sent& one) {
  const auto number = one.number.value_or(0);
  mail::Settled made;
  made.size = one.size;
  describe(made, one.meta, one.digests, number, now());
  if (one.header == Sent::Header::changed) {
    made.damaged = one.digests.headline;
    folder_.damaged(number);
    world_.header_habit->is = HeaderHabit::Is::changes;
  } else if (one.header == Sent::Header::as_sent) {
    auto unknown = HeaderHabit::Is::unknown;
    world_.header_habit->is.compare_exchange_strong(unknown, HeaderHabit::Is::keeps);
  }
  if (const auto mending = mender_.take(one.ticket)) {
    // The ledger knows a message by what it is at its source.
    made.canonical = mending->original.canonical;
    made.header = mending->original.header;
    made.merge = mending->original.merge;
    made.altered = mending->altered;
    tell_mended(*mending);
  }
  return made;
}

// Not settled: the next run recognises it by what lies there, whatever became of it.
void PushWriter::give_up_unread(const Sent& one) {
  mender_.take(one.ticket);
  receipts_.refused(
      one.meta.ref, one.digests.headline,
      Error(Cause::network, Blast::message, Retry::never,
            fmt::format("{}: it was sent, but its header, which has 8-bit bytes, could not be read "
                        "back; the next run looks for it",
                        folder_.name())));
}

void PushWriter::give_up(const mail::Message& message, const Error& why) {
  receipts_.refused(message.meta.ref, message.digests.headline, why);
  const bool wide = why.blast >= Blast::endpoint;
  if (why.cause == Cause::quota && !wide && ++refused_for_quota_ < patience_with_quota) return;
  if (!wide && why.cause != Cause::quota) return;
  if (full_) return;
  full_ = wide ? why
               : Error(Cause::quota, Blast::endpoint, Retry::never,
                       fmt::format("{}: the destination is full: {}", folder_.name(), why.what()));
}

void PushWriter::settle_pending() {
  if (pending_.empty()) return;
  std::vector<mail::Settled> settled;
  for (const auto& one : pending_) settled.push_back(one.settled);
  {
    const auto turn = folder_.turn(session_);
    folder_.note_open();
    world_.ledger.settle(lane_, settled);
  }
  for (const auto& one : std::exchange(pending_, {})) {
    if (one.owed) answer(*one.owed, one.settled, 0);
  }
}

// What lies there damaged is settled, so that no run sends it again, and counts as failed all the same.
void PushWriter::answer(const mail::MessageRef& ref, const mail::Settled& settled, std::uint64_t new_bytes) {
  if (!settled.damaged)
    return receipts_.stored(ref, placement(folder_, settled.number, settled.size), new_bytes);
  receipts_.refused(ref, *settled.damaged,
                    Error(Cause::rejected, Blast::message, Retry::never, damage(folder_, settled.number)));
}

}  // namespace postferry::engine
