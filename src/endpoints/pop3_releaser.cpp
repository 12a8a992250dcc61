#include "pop3_releaser.h"

#include <utility>
#include <vector>

#include <postferry/base/error.h>

#include "connection.h"
#include "pop3_listing.h"
#include "pop3_orders.h"

namespace postferry::endpoints {
namespace {

using mail::ReleaseOutcome;

class Pop3Releaser final : public mail::Releaser {
 public:
  Pop3Releaser(const config::Account& account, Pop3Lines& lines, std::stop_token stop)
      : account_(account), lines_(lines), stop_(std::move(stop)) {}

  std::vector<mail::ReleaseResult> release(std::span<const mail::ReleaseOrder> orders) override {
    Pop3Line line;
    auto matches = find(line, orders);
    if (stop_.stop_requested()) throw Cancelled();
    // From here on nobody stops us: a session that is cut off between DELE and QUIT leaves everybody guessing.
    line.stoppable->follow({});
    carry_out(*line.session, matches);
    return std::move(matches.results);
  }

 private:
  // The session that the run has left may have died meanwhile: then in a new one, once.
  Pop3Matches find(Pop3Line& line, std::span<const mail::ReleaseOrder> orders) {
    for (bool is_first = true;; is_first = false) {
      try {
        line = lines_.borrow(stop_);
        auto listing = pop3_listing(*line.session);
        if (!listing.incomplete.empty()) throw Error(Cause::protocol, Blast::folder, Retry::never, listing.incomplete);
        return match_orders(*line.session, std::move(listing), orders);
      } catch (const Error& error) {
        line = {};
        if (stop_.stop_requested()) throw Cancelled();
        if (is_first && error.cause == Cause::network && error.blast == Blast::session) continue;
        throw at_host(account_.host, error);
      }
    }
  }

  struct Answers final : pop3::Marks {
    void marked(const pop3::Drop&) override { refusals.emplace_back(); }
    void refused(const pop3::Drop&, const std::string& text) override { refusals.emplace_back("the server refuses to delete it: " + text); }
    std::vector<std::string> refusals;  // in the order of the questions; empty: marked
  };

  void carry_out(pop3::Session& session, Pop3Matches& matches) const {
    std::vector<pop3::Drop> drops;
    std::vector<std::size_t> orders;
    for (std::size_t i = 0; i < matches.drops.size(); ++i) {
      if (!matches.drops[i]) continue;
      drops.push_back(*matches.drops[i]);
      orders.push_back(i);
    }
    Answers answers;
    auto end = mail::ReleaseResult{ReleaseOutcome::deleted, {}};
    try {
      if (!drops.empty()) session.mark_deleted(drops, answers);
      if (const auto words = session.update()) {
        end = {ReleaseOutcome::unknown, "the server's answer to QUIT was: " + *words};
      }
    } catch (const Error& error) {
      end = {ReleaseOutcome::unknown, "whether it was deleted is not known: " + std::string(at_host(account_.host, error).what())};
    }
    for (std::size_t k = 0; k < orders.size(); ++k) {
      const bool is_refused = k < answers.refusals.size() && !answers.refusals[k].empty();
      matches.results[orders[k]] = is_refused ? mail::ReleaseResult{ReleaseOutcome::refused, answers.refusals[k]} : end;
    }
  }

  const config::Account& account_;
  Pop3Lines& lines_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<mail::Releaser> pop3_releaser(const config::Account& account, Pop3Lines& lines, std::stop_token stop) {
  return std::make_unique<Pop3Releaser>(account, lines, std::move(stop));
}

}  // namespace postferry::endpoints
