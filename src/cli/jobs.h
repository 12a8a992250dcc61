#pragma once

#include <postferry/config/config.h>

#include "options.h"

namespace postferry::cli {

// The options a job stands for: its own words where `backup` has options, the command line's for the rest.
// Error{config} for what jobs cannot do yet, which is named.
Options options_of_job(const config::Job& job, const config::Config& config, const Options& command_line);

}  // namespace postferry::cli
