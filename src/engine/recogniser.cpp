#include "recogniser.h"

#include "eight_bit.h"
#include "header_mender.h"

namespace postferry::engine {

template <class Ask>
std::optional<std::uint32_t> Recogniser::ask(const Ask& ask) {
  if (folder_.inventory().next() == 1) return std::nullopt;
  const std::optional<std::uint32_t> number = session_.run(ask);
  if (number) patience_.progress();
  return number;
}

std::optional<Recogniser::Hit> Recogniser::find(const mail::Message& message) {
  if (const auto number = as_it_is(message)) return Hit{*number};
  if (const auto number = marked(message)) return Hit{*number};
  if (folder_.inventory().next() == 1 || !has_8bit_header(*message.body)) return std::nullopt;
  if (const auto number = mended(message)) return Hit{*number, true};
  if (const auto number = damaged(message)) return Hit{*number};
  return std::nullopt;
}

std::optional<std::uint32_t> Recogniser::as_it_is(const mail::Message& message) {
  return ask([&](mail::DestinationFolder& there) {
    return folder_.recognise(there, lane_, message.meta.ref, message.digests);
  });
}

std::optional<std::uint32_t> Recogniser::merged(const mail::Message& message) {
  return ask(
      [&](mail::DestinationFolder& there) { return folder_.recognise_merged(there, message.digests); });
}

// Another tool has brought it, which marks its copies, and it had such a mark already.
std::optional<std::uint32_t> Recogniser::marked(const mail::Message& message) {
  return ask([&](mail::DestinationFolder& there) -> std::optional<std::uint32_t> {
    const auto unmarked = there.unmarked(*message.body);
    return unmarked ? folder_.recognise_marked(there, *unmarked) : std::nullopt;
  });
}

// By an earlier run, whose ledger was lost. The server insisted on it, or would have damaged it.
std::optional<std::uint32_t> Recogniser::mended(const mail::Message& message) {
  HeaderMender mender;
  const auto digests = digests_through(mender, *message.body);
  const auto number =
      ask([&](mail::DestinationFolder& there) { return folder_.recognise_stray(there, digests); });
  if (number) world_.header_habit->is = HeaderHabit::Is::changes;
  return number;
}

// As a server keeps it that takes no 8-bit bytes in headers: the ledger was lost, or the run before was
// killed.
std::optional<std::uint32_t> Recogniser::damaged(const mail::Message& message) {
  const auto munged = munged_digests(*message.body);
  if (!munged) return std::nullopt;
  const auto number =
      ask([&](mail::DestinationFolder& there) { return folder_.recognise_stray(there, *munged); });
  if (number) {
    folder_.damaged(*number);
    world_.header_habit->is = HeaderHabit::Is::changes;
  }
  return number;
}

}  // namespace postferry::engine
