#include <postferry/cli/program.h>

int main(int argc, char** argv) { return postferry::cli::run_program(argc, argv); }
