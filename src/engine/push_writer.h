#pragma once

#include <optional>
#include <vector>

#include <postferry/mail/sink.h>

#include "delivery.h"
#include "flag_change.h"
#include "mender.h"
#include "push_counters.h"
#include "recogniser.h"
#include "sink_folder.h"

namespace postferry::engine {

// One lane's way into a destination folder: what is there already is noted, the rest sent in batches; settled
// first, receipts after. One thread.
class PushWriter final : public mail::FolderWriter {
 public:
  PushWriter(PushWorld& world, SinkFolder& folder, mail::LaneId lane, PushCounters& counters,
             mail::Receipts& receipts);
  ~PushWriter() override;

  void write(mail::Message message) override;
  void keep(const mail::Known& known) override;
  void span_done(mail::Span) override {}
  void idle() override;
  void finish() override;

 private:
  bool too_large(const mail::Message& message);
  void check_writable();
  bool is_there(const mail::Message& message);
  void adopt(const mail::Message& message, std::uint32_t number, const Mending* mending = nullptr);
  void answer(const mail::MessageRef& ref, const mail::Settled& settled, std::uint64_t new_bytes);
  bool is_merged(const mail::Message& message);
  bool is_merged_with_stray(const mail::Message& message);
  mail::Outgoing outgoing_of(mail::Message message);
  void collect(mail::Outgoing outgoing);
  bool lies_there_without_nuls(mail::Outgoing& outgoing);
  void collect_8bit(mail::Outgoing outgoing);
  std::chrono::sys_seconds now() const;
  mail::Flags taken_flags(mail::Flags flags);
  bool change_flags(std::uint32_t number, FlagChange change);  // false: the server would not
  void send();
  void stored(const std::vector<Sent>& sent);
  mail::Settled settlement_of(const Sent& one);
  void give_up_unread(const Sent& one);
  void refused(mail::Outgoing outgoing, const Error& why);
  void give_up(const mail::Message& message, const Error& why);
  void mend_refused();
  void tell_mended(const Mending& mending);
  void settle_pending();

  PushWorld& world_;
  SinkFolder& folder_;
  const mail::LaneId lane_;
  PushCounters& counters_;
  mail::Receipts& receipts_;
  Patience patience_;
  PushSession session_;
  Recogniser recogniser_;
  Delivery delivery_;

  struct Pending {
    mail::Settled settled;
    std::optional<mail::MessageRef> owed;  // a receipt
  };
  std::vector<mail::Outgoing> batch_;
  std::uint64_t batch_bytes_ = 0, next_ticket_ = 1;
  std::vector<Pending> pending_;  // recognised, or with new flags: settled with the next batch
  struct Refused {
    mail::Outgoing outgoing;
    Error why;
  };
  Mender mender_;
  std::vector<Refused> refused_;  // to be mended when the batch is through
  std::optional<Error> full_;     // the quota's words, and how often in a row
  unsigned refused_for_quota_ = 0;
  bool checked_ = false, finished_ = false;
};

}  // namespace postferry::engine
