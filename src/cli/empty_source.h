#pragma once

#include <postferry/archive/archive.h>
#include <postferry/codec/json.h>
#include <postferry/engine/job.h>
#include <postferry/engine/release.h>

#include "backup_account.h"

namespace postferry::cli {

struct Emptying {
  BackupWorld& world;
  const engine::Plan& plan;
  archive::SnapshotWriter& writer;  // after commit()
  mail::MailSource& source;
  mail::EventSink& events;
};

// Deletes at the source by the job's rule, after a run that came to its end. Sets result.release, and the exit status and
// the snapshot that follow from it. Throws Cancelled, while nothing has been deleted.
void empty_source(const Emptying& emptying, AccountResult& result);
// What came of it, for people; errors with their names.
void say_release(Program& program, const std::string& account, AccountResult& result);
void add_release(codec::Json& summary, const engine::ReleaseReport& report);

}  // namespace postferry::cli
