#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session_state.h"

namespace postferry::imap {

// "1:3,7,9:12": ascending, as short as it gets (quirk 34).
std::string uid_set(std::span<const Uid> ascending);

// Fetches one thing of many messages: batches, `window` of them in flight, halved where the server refuses
// one; what got no answer, or was refused by itself, is asked for once more, alone, at the end.
class BulkFetch final : public Untagged, public Bodies {
 public:
  // `sizes` is parallel to `uids`, or empty. `items` is what is asked for, with its parentheses.
  BulkFetch(Session::State& session, std::span<const Uid> uids, std::span<const std::uint64_t> sizes,
            std::string items, Bodies& to);
  std::vector<Refused> run();

  void fetch(std::uint32_t sequence, Wire& wire) override;
  void condition(const Reply& reply) override;

  void begin(const Fetched& before, std::uint64_t size) override;
  void bytes(Bytes part) override { to_.bytes(part); }
  void end(const Fetched& items) override;
  void no_body(const Fetched& items) override;

 private:
  struct Batch {
    std::size_t from, to;  // of uids_
    bool alone = false;
    Pipe::Tag tag = 0;
  };

  void cut(std::size_t from, std::size_t to);
  void work();
  void send(Batch batch);
  void answered(Pipe::Tag tag, const Reply& reply);
  void refused(const Batch& batch, const Reply& reply);
  void give_up(std::size_t index, std::string text);
  std::size_t place(Uid uid);
  Uid suspect() const;

  Session::State& session_;
  const std::span<const Uid> uids_;
  const std::span<const std::uint64_t> sizes_;
  const std::string items_;
  Bodies& to_;
  std::vector<bool> got_;
  std::size_t next_ = 0;  // where the next answer is likely to belong
  std::deque<Batch> work_, in_flight_;
  std::vector<std::size_t> again_;  // to be asked for alone
  std::string last_no_;             // an untagged NO that came since the last answer
  std::vector<Refused> refused_;
};

// Fetches whole spans without knowing what is in them.
class RangeFetch final : public Untagged {
 public:
  using Done = std::function<void(std::size_t span, bool whole)>;

  RangeFetch(Session::State& session, std::span<const mail::Span> spans, std::string items, Bodies* bodies,
             unsigned window);
  // `done` once for each span. A refusal that is wider than the messages asked for is thrown.
  void run(const Done& done, const std::function<void(const Fetched&)>& found = {});

  const Reply& refusal() const { return refusal_; }  // the last one

  void fetch(std::uint32_t sequence, Wire& wire) override;

 private:
  Session::State& session_;
  const std::span<const mail::Span> spans_;
  const std::string items_;
  Bodies* const bodies_;
  const unsigned window_;
  const std::function<void(const Fetched&)>* found_ = nullptr;
  Reply refusal_;
};

}  // namespace postferry::imap
