#pragma once

#include "exit_status.h"
#include "program_state.h"

// One function a command, each in the file of its name.
namespace postferry::cli {

Exit init(Program& program);
Exit backup(Program& program);
Exit run_jobs(Program& program);
Exit migrate(Program& program);
Exit restore(Program& program);
Exit compare(Program& program);
Exit snapshots(Program& program);
Exit ls(Program& program);
Exit show(Program& program);
Exit diff(Program& program);
Exit export_snapshot(Program& program);
Exit check(Program& program);
Exit accounts(Program& program);
Exit config_check(Program& program);

}  // namespace postferry::cli
