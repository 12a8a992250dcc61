#include <utility>

#include <fmt/format.h>

#include "eight_bit.h"
#include "push_writer.h"

// What --repair does to a message, before it is sent or once it was refused.
namespace postferry::engine {

// No literal may hold a NUL (RFC 3501, section 9), and some servers store another byte for it without a word.
bool PushWriter::lies_there_without_nuls(mail::Outgoing& outgoing) {
  mender_.mend_beforehand(outgoing, Repair::nuls);
  const auto turn = folder_.turn(session_);
  const auto number = recogniser_.as_it_is(outgoing.message);
  if (!number) return false;
  const auto mending = mender_.take(outgoing.ticket);
  adopt(outgoing.message, *number, &*mending);
  return true;
}

// Encoded, where the server changes 8-bit headers. The first of a run goes alone, to see whether it does: so
// that one message is damaged at the most.
void PushWriter::collect_8bit(mail::Outgoing outgoing) {
  auto& habit = *world_.header_habit;
  if (habit.is == HeaderHabit::Is::unknown) {
    const auto probing = session_.lock(habit.probe);
    if (habit.is == HeaderHabit::Is::unknown) {
      if (!batch_.empty()) send();
      collect(std::move(outgoing));
      if (!batch_.empty()) send();
      return;
    }
  }
  if (habit.is == HeaderHabit::Is::changes) mender_.mend_beforehand(outgoing, Repair::header);
  collect(std::move(outgoing));
}

void PushWriter::refused(mail::Outgoing outgoing, const Error& why) {
  if (world_.options.repair && Mender::may_help(why)) {
    refused_.push_back({std::move(outgoing), why});
  } else {
    give_up(outgoing.message, why);
  }
}

// Each step is an APPEND of its own, so that no more is changed than this server insists on. What an earlier
// run mended may lie there, in a folder whose ledger was lost.
void PushWriter::mend_refused() {
  while (!refused_.empty()) {
    auto [outgoing, why] = std::move(refused_.back());
    refused_.pop_back();
    if (!mender_.mend(outgoing, why)) {
      const auto mending = mender_.take(outgoing.ticket);
      give_up(outgoing.message, mending && mending->first ? *mending->first : why);
    } else if (const auto number = recogniser_.as_it_is(outgoing.message)) {
      const auto mending = mender_.take(outgoing.ticket);
      adopt(outgoing.message, *number, &*mending);
    } else {
      std::vector<mail::Outgoing> alone;
      alone.push_back(std::move(outgoing));
      delivery_.deliver(std::move(alone));
    }
  }
}

void PushWriter::tell_mended(const Mending& mending) {
  counters_.mended(mending.altered);
  const auto& line = mending.original.headline;
  const bool beforehand = !mending.first;
  world_.events.on(mail::event::Note{
      folder_.name(), fmt::format("\"{}\" of {} {} and is there changed: {}", line.subject, line.date,
                                  beforehand ? "would be damaged as it is" : "was refused as it is",
                                  words_of(mending.altered))});
}

}  // namespace postferry::engine
