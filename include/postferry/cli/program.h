#pragma once

namespace postferry::cli {

// The whole program: reads the arguments, runs one command, returns the exit status of the manual page.
int run_program(int argc, char** argv);

}  // namespace postferry::cli
