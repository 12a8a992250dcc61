#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <postferry/engine/job.h>

#include "folder_run.h"
#include "parcel.h"

namespace postferry::engine {

// The reader's side of a lane: asks the ledger what is wanted, counts what is listed, and hands everything
// else on in batches. One thread, the reader's.
class Feeder final : public mail::Chooser, public mail::Arrivals {
 public:
  // A `stop` ends the reading after the message that has just arrived, with Cancelled. `gone` is requested
  // when nobody is left to take what is pushed.
  Feeder(World& world, FolderRun& folder, Look look, mail::LaneLedger& ledger, Pipe& pipe, std::stop_token stop,
         std::stop_token gone);

  bool wants_all() const override;
  void foresee(const std::string& uidl, std::optional<std::uint64_t> size) override { ledger_.foresee(uidl, size); }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override;
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId& header,
                      const std::optional<mail::MatchKey>& key) override;

  void listed(std::uint64_t count) override;
  void arrived(mail::Message message) override;
  void unavailable(const mail::Meta& meta, const mail::Headline& headline, mail::Outcome outcome,
                   const Error* why) override;
  void span_done(mail::Span span) override;
  void note(const std::string& text) override;

  // Passes on what has been collected. Before every wait and at every end, so that nothing lies here.
  void flush();

  // True once for each time that something new has come since the last question.
  bool take_progress() { return std::exchange(progress_, false); }
  bool anything_listed() const { return anything_listed_; }
  std::uint64_t listed_count() const { return listed_; }
  std::uint64_t answered_count() const { return answered_; }

 private:
  void judge(std::span<const mail::Meta> page, std::vector<mail::Choice>& out);
  void look_again(std::span<const mail::Meta> page, std::vector<mail::Choice>& out);
  mail::Choice judge(mail::Verdict& verdict, const mail::Meta& meta);
  void unlisted(std::uint64_t count);
  void keep(mail::Known known, const mail::Meta& meta);
  void add(Parcel parcel, std::size_t bytes);
  void answer() { ++answered_, progress_ = true; }
  void heed_stop() const;

  World& world_;
  FolderRun& folder_;
  const Look look_;
  mail::LaneLedger& ledger_;
  Pipe& pipe_;
  const bool has_flags_;  // the source's listing
  std::stop_token stop_, gone_;

  std::vector<mail::Verdict> verdicts_;  // kept for its memory
  Batch batch_;
  std::size_t batch_bytes_ = 0;
  std::uint64_t listed_ = 0, answered_ = 0;
  bool progress_ = false, anything_listed_ = false;
};

}  // namespace postferry::engine
