#include "imap_releaser.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "connection.h"

namespace postferry::endpoints {
namespace {

using mail::ReleaseOutcome;

constexpr std::size_t batch_messages = 200;
constexpr const char* not_reached = "its turn did not come";

[[noreturn]] void refuse(const std::string& what) { throw Error(Cause::rejected, Blast::folder, Retry::never, what); }

class ImapReleaser final : public mail::Releaser {
 public:
  ImapReleaser(ImapPool& pool, std::string wire_name, std::stop_token stop)
      : pool_(pool), wire_name_(std::move(wire_name)), stop_(std::move(stop)) {}

  // `orders` ascend by UID.
  std::vector<mail::ReleaseResult> release(std::span<const mail::ReleaseOrder> orders) override {
    std::vector<mail::ReleaseResult> results(orders.size());
    pool_.with_session(stop_, [&](imap::Session& session) {
      results.assign(orders.size(), {});
      open(session, orders);
      const auto wanted = check(session, orders, results);
      try {
        for (std::size_t at = 0; at < wanted.size(); at += batch_messages) {
          if (stop_.stop_requested()) break;
          remove(session, orders, std::span(wanted).subspan(at, std::min(batch_messages, wanted.size() - at)), results);
        }
      } catch (const Error& error) {
        session.abort();
        for (const auto i : wanted) {
          if (results[i].reason == not_reached) results[i].reason = error.what();
        }
      }
      return true;
    });
    return results;
  }

 private:
  void open(imap::Session& session, std::span<const mail::ReleaseOrder> orders) const {
    if (!session.can("UIDPLUS") && !session.can("IMAP4REV2")) {
      refuse("the server has no UIDPLUS, and without it a message cannot be deleted alone");
    }
    const auto selected = session.select(wire_name_);
    if (selected.read_only) refuse("the server opens the folder read-only");
    if (std::to_string(selected.uidvalidity) != orders.front().ref.epoch) {
      refuse(fmt::format("UIDVALIDITY has changed from {} to {}: its messages have other numbers now",
                         printable(orders.front().ref.epoch, 20), selected.uidvalidity));
    }
  }

  // Those that are there, as they were.
  std::vector<std::size_t> check(imap::Session& session, std::span<const mail::ReleaseOrder> orders,
                                 std::vector<mail::ReleaseResult>& results) const {
    const auto sizes = sizes_there(session, orders);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const auto found = sizes.find(orders[i].ref.number);
      if (found == sizes.end()) {
        results[i].outcome = ReleaseOutcome::vanished;
      } else if (found->second && orders[i].size && *found->second != *orders[i].size) {
        results[i].reason = fmt::format("it has {} bytes now, and had {}", *found->second, *orders[i].size);
      } else {
        results[i].reason = not_reached;
        out.push_back(i);
      }
    }
    return out;
  }

  static std::map<imap::Uid, std::optional<std::uint64_t>> sizes_there(imap::Session& session,
                                                                       std::span<const mail::ReleaseOrder> orders) {
    std::map<imap::Uid, std::optional<std::uint64_t>> out;
    const std::vector spans{mail::Span{orders.front().ref.number, orders.back().ref.number}};
    session.fetch_flags(spans, [&](const imap::Fetched& one) { out.emplace(one.uid, one.size); });
    return out;
  }

  void remove(imap::Session& session, std::span<const mail::ReleaseOrder> orders, std::span<const std::size_t> which,
              std::vector<mail::ReleaseResult>& results) const {
    const auto set = [&](ReleaseOutcome outcome, const std::string& reason) {
      for (const auto i : which) results[i] = {outcome, reason};
    };
    std::vector<imap::Uid> uids;
    for (const auto i : which) uids.push_back(orders[i].ref.number);
    bool is_marked = false;
    try {
      session.mark_deleted(uids);
      is_marked = true;
      set(ReleaseOutcome::unknown, "the connection was lost while it was deleted");
      session.expunge(uids);
      set(ReleaseOutcome::deleted, {});
    } catch (const Error& error) {
      if (error.blast >= Blast::session) throw;
      set(ReleaseOutcome::refused, error.what());
      if (is_marked) session.mark_deleted(uids, false);
      return;
    }
    // RFC 3501 lets a server expunge less than it is asked to.
    std::vector<mail::ReleaseOrder> asked;
    for (const auto i : which) asked.push_back(orders[i]);
    const auto left = sizes_there(session, asked);
    for (const auto i : which) {
      if (left.contains(orders[i].ref.number)) results[i] = {ReleaseOutcome::refused, "the server did not expunge it"};
    }
  }

  ImapPool& pool_;
  const std::string wire_name_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<mail::Releaser> imap_releaser(ImapPool& pool, std::string wire_name, std::stop_token stop) {
  return std::make_unique<ImapReleaser>(pool, std::move(wire_name), std::move(stop));
}

}  // namespace postferry::endpoints
