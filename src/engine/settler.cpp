#include "settler.h"

#include <utility>

namespace postferry::engine {

Settler::Settler(World& world, FolderRun& folder, const std::function<mail::FolderState()>& read,
                 std::stop_token stop)
    : world_(world),
      folder_(folder),
      read_(read),
      stop_(std::move(stop)),
      progress_(folder.name(), world.clock, world.events) {}

void Settler::drain(Pipe& pipe) {
  // Waits without a stop of its own: on a stop the reader closes the pipe, and what has arrived is still
  // wanted.
  try {
    for (;;) {
      auto batch = pipe.try_pop();
      if (!batch) {
        if (writer_) writer_->idle();
        progress_.tell();
        auto popped = pipe.pop(std::stop_token{});
        if (popped.end) break;
        batch = std::move(popped.item);
      }
      take(std::move(*batch));
    }
  } catch (...) {
    progress_.tell();
    throw;
  }
  if (writer_) writer_->finish();
  progress_.tell();
}

void Settler::open() {
  if (!writer_) writer_ = world_.sink.open(folder_.folder(), folder_.fix_state(read_()), folder_, stop_);
}

void Settler::take(Batch batch) {
  open();
  for (auto& parcel : batch) {
    std::visit([this](auto& one) { take(std::move(one)); }, parcel);
  }
}

void Settler::take(mail::Message message) {
  const std::uint64_t bytes = message.body->size();
  const auto ref = message.meta.ref;
  const auto headline = message.digests.headline;
  folder_.handed_over(bytes);
  try {
    writer_->write(std::move(message));
  } catch (const Error& error) {
    // Only this one: its bytes could not be read back, say. Wider errors end the lane.
    if (error.blast != Blast::message) throw;
    folder_.refused(ref, headline, error);
  }
  progress_.carried(bytes);
}

void Settler::take(const mail::Known& known) {
  writer_->keep(known);
  progress_.known(known.meta.size.value_or(0));
}

void Settler::take(mail::Span span) { writer_->span_done(span); }

}  // namespace postferry::engine
