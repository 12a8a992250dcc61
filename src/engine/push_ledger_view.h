#pragma once

#include <functional>

#include <postferry/mail/ledger.h>

#include "sink_folder.h"

namespace postferry::engine {

// The ledger of a push as the engine asks it: what was carried, as far as it is still there.
class PushLedgerView final : public mail::Ledger {
 public:
  // `prepared` gives the destination folder of a source folder, surveyed.
  PushLedgerView(PushWorld& world, std::function<SinkFolder&(const mail::Folder&)> prepared)
      : world_(world), prepared_(std::move(prepared)) {}

  // An unchanged source says nothing about the destination: every folder is looked at.
  std::string token(const mail::Folder&) override { return {}; }
  std::uint64_t held_count(const mail::Folder&) override { return 0; }
  // Nothing is ever taken away at the destination, however much is gone at the source.
  bool shrank(const mail::Folder&, const mail::FolderState&) override { return false; }
  std::unique_ptr<mail::LaneLedger> open(const mail::Folder& folder, mail::Span span,
                                         const mail::FolderState& now) override;

 private:
  PushWorld& world_;
  const std::function<SinkFolder&(const mail::Folder&)> prepared_;
};

}  // namespace postferry::engine
