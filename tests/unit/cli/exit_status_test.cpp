#include "exit_status.h"

#include <vector>

#include <gtest/gtest.h>

namespace postferry::cli {
namespace {

TEST(ExitStatus, ComesFromTheCauseOfAnError) {
  struct Row {
    Cause cause;
    Blast blast;
    Retry retry;
    Exit exit;
    const char* what;
  };
  const Row rows[] = {
      {Cause::auth, Blast::endpoint, Retry::never, Exit::refused, "wrong password"},
      {Cause::auth, Blast::endpoint, Retry::later, Exit::later, "sign-in service away"},
      {Cause::config, Blast::endpoint, Retry::never, Exit::failed, "unknown host"},
      {Cause::config, Blast::run, Retry::never, Exit::usage, "misspelt key"},
      {Cause::tls, Blast::endpoint, Retry::never, Exit::failed, "certificate"},
      {Cause::storage, Blast::run, Retry::never, Exit::failed, "disk full"},
      {Cause::missing, Blast::run, Retry::never, Exit::failed, "archive not there"},
      {Cause::damaged, Blast::message, Retry::never, Exit::damaged, "flipped bit"},
      {Cause::locked, Blast::run, Retry::later, Exit::locked, "another run"},
      {Cause::throttled, Blast::endpoint, Retry::later, Exit::later, "throttled"},
      {Cause::quota, Blast::endpoint, Retry::later, Exit::later, "OVERQUOTA on reading"},
      {Cause::network, Blast::endpoint, Retry::later, Exit::later, "server away"},
      {Cause::network, Blast::session, Retry::now, Exit::later, "lost, again and again"},
      {Cause::protocol, Blast::endpoint, Retry::never, Exit::failed, "PREAUTH where TLS is required"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(exit_of(Error(row.cause, row.blast, row.retry, "x")), row.exit) << row.what;
}

TEST(ExitStatus, OfSeveralAccountsIsTheWorst) {
  using enum Exit;
  const std::pair<std::vector<Exit>, Exit> rows[] = {
      {{}, complete},
      {{complete, complete}, complete},
      {{complete, later}, later},
      {{later, partly}, partly},
      {{partly, refused, later}, refused},
      {{refused, failed}, failed},
      {{failed, damaged, refused}, damaged},
      {{damaged, interrupted}, interrupted},
      {{locked, locked}, locked},
      {{locked, complete}, later},
      {{locked, partly}, partly},
  };
  for (const auto& [all, expected] : rows) EXPECT_EQ(worst(all), expected) << all.size();
}

}  // namespace
}  // namespace postferry::cli
