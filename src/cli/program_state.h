#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include <postferry/base/files.h>
#include <postferry/base/ports.h>
#include <postferry/config/config.h>

#include "console.h"
#include "options.h"

namespace postferry::cli {

// What every command borrows.
struct Program {
  const Options& options;
  Console& console;
  Files& files;
  Clock& clock;
  std::stop_token stop;
  std::map<std::string, std::string> passwords;  // of the environment
  config::Config config;                         // empty if there is no file

  // For long loops of commands that have nothing to finish.
  void check_stop() const {
    if (stop.stop_requested()) throw Cancelled();
  }
};

// --config, else the usual place; a file that was named must be there, the usual one need not.
config::Config read_configuration(const Options& options);

}  // namespace postferry::cli
