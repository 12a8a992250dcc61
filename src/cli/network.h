#pragma once

#include <memory>

#include <postferry/net/stream.h>

#include "options.h"

namespace postferry::cli {

// How the program reaches servers: TCP, at the rate that --limit-rate allows. Error{config, run, never} for a rate that
// is none.
class Network {
 public:
  Network(const Options& options, Clock& clock);

  net::Dialer& dialer() const { return limited_ ? *limited_ : *tcp_; }

 private:
  std::unique_ptr<net::Dialer> tcp_, limited_;
};

}  // namespace postferry::cli
