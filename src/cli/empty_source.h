#pragma once

#include <postferry/codec/json.h>
#include <postferry/engine/job.h>
#include <postferry/engine/release.h>

#include "backup_account.h"

namespace postferry::cli {

struct Emptying {
  Program& program;
  const Options& options;
  const engine::Plan& plan;
  mail::MailSource& source;
  mail::Keeper& keeper;
  mail::EventSink& events;
};

// Deletes at the source by the job's rule, after a run that came to its end. Sets result.release, and the exit status that
// follows from it. Throws Cancelled, while nothing has been deleted.
void empty_source(const Emptying& emptying, AccountResult& result);
// What came of it, for people; errors with their names.
void say_release(Program& program, const std::string& account, AccountResult& result);
void add_release(codec::Json& summary, const engine::ReleaseReport& report);

}  // namespace postferry::cli
