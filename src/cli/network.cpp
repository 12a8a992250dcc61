#include "network.h"

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/net/rate_limit.h>

#include "when.h"

namespace postferry::cli {

Network::Network(const Options& options, Clock& clock) : tcp_(net::tcp_dialer()) {
  if (options.limit_rate.empty()) return;
  const auto rate = read_size(options.limit_rate);
  if (!rate || *rate == 0) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("--limit-rate: \"{}\" is no rate (bytes a second: 500K, 2M)", printable(options.limit_rate, 60)));
  }
  limited_ = net::limited_dialer(*tcp_, *rate, clock);
}

}  // namespace postferry::cli
