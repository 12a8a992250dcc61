#include "feeder.h"

#include <utility>

namespace postferry::engine {
namespace {

// Small enough that a reader which waits for memory holds next to nothing of it.
constexpr std::size_t batch_parcels = 32;
constexpr std::size_t batch_bytes = 64u << 10;

}  // namespace

Feeder::Feeder(World& world, FolderRun& folder, Look look, mail::LaneLedger& ledger, Pipe& pipe,
               std::stop_token stop, std::stop_token gone)
    : world_(world),
      folder_(folder),
      look_(look),
      ledger_(ledger),
      pipe_(pipe),
      has_flags_(world.source.traits().has_flags),
      stop_(std::move(stop)),
      gone_(std::move(gone)) {}

bool Feeder::wants_all() const { return !world_.messages && ledger_.empty(); }

void Feeder::choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) {
  heed_stop();
  if (look_ == Look::second) {
    look_again(page, out);
  } else {
    judge(page, out);
  }
}

// Only what was put off; all else has had its answer in the first look.
void Feeder::look_again(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) {
  out.assign(page.size(), mail::Choice::leave);
  std::vector<mail::Meta> ours;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (!folder_.was_put_off(page[i].ref.number)) continue;
    ours.push_back(page[i]);
    places.push_back(i);
  }
  unlisted(page.size() - ours.size());
  std::vector<mail::Choice> choices;
  judge(ours, choices);
  for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = choices[i];
}

void Feeder::judge(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) {
  verdicts_.clear();
  ledger_.sort_out(page, verdicts_);
  if (verdicts_.size() != page.size()) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                folder_.name() + ": the ledger did not answer for every message");
  }
  out.clear();
  for (std::size_t i = 0; i < page.size(); ++i) out.push_back(judge(verdicts_[i], page[i]));
}

mail::Choice Feeder::judge(mail::Verdict& verdict, const mail::Meta& meta) {
  using Kind = mail::Verdict::Kind;
  if (verdict.kind == Kind::known) {
    keep(std::move(verdict.known).value_or(mail::Known{}), meta);
    return mail::Choice::leave;
  }
  if (verdict.kind == Kind::skipped || (world_.messages && world_.messages(meta))) {
    folder_.skipped(1);
    answer();
    return mail::Choice::leave;
  }
  if (verdict.kind == Kind::wanted) return mail::Choice::fetch;
  if (look_ != Look::first) return mail::Choice::compare_header;
  folder_.put_off(meta.ref.number);
  unlisted(1);
  return mail::Choice::leave;
}

void Feeder::unlisted(std::uint64_t count) {
  listed_ -= count;
  folder_.unlisted(count);
}

bool Feeder::held_by_header(const mail::Meta& meta, const mail::HeaderId& header,
                            const std::optional<mail::MatchKey>& key) {
  auto known = ledger_.by_header(meta, header, key);
  if (!known) return false;
  known->by_header = true;
  keep(std::move(*known), meta);
  return true;
}

void Feeder::keep(mail::Known known, const mail::Meta& meta) {
  known.meta = meta;
  if (!has_flags_) known.meta.flags = known.carried;
  if (known.defect.empty()) {
    folder_.held(1);
  } else {
    folder_.failed(meta.ref, known.headline, known.defect);
  }
  if (!(known.meta.flags == known.carried)) folder_.reflagged();
  answer();
  add(std::move(known), 0);
}

void Feeder::listed(std::uint64_t count) {
  anything_listed_ = anything_listed_ || count > 0;
  listed_ += count;
  folder_.listed(count);
}

void Feeder::arrived(mail::Message message) {
  answer();
  const std::uint64_t bytes = message.body->size();
  add(std::move(message), static_cast<std::size_t>(bytes));
  heed_stop();
}

void Feeder::unavailable(const mail::Meta& meta, const mail::Headline& headline, mail::Outcome outcome,
                         const Error* why) {
  answer();
  if (outcome == mail::Outcome::vanished) {
    folder_.skipped(1);
  } else {
    folder_.failed(meta.ref, headline, why != nullptr ? why->what() : "the source gave no reason");
  }
}

void Feeder::span_done(mail::Span span) { add(span, 0); }

void Feeder::note(const std::string& text) { world_.events.on(mail::event::Note{folder_.name(), text}); }

void Feeder::add(Parcel parcel, std::size_t bytes) {
  batch_.push_back(std::move(parcel));
  batch_bytes_ += bytes;
  if (batch_.size() >= batch_parcels || batch_bytes_ >= batch_bytes) flush();
}

void Feeder::heed_stop() const {
  if (stop_.stop_requested()) throw Cancelled();
}

void Feeder::flush() {
  if (batch_.empty()) return;
  batch_bytes_ = 0;
  pipe_.push(std::exchange(batch_, {}), gone_);
}

}  // namespace postferry::engine
