#pragma once

#include <functional>
#include <memory>

#include <postferry/archive/archive.h>
#include <postferry/mail/release.h>

namespace postferry::endpoints {

// The mail that a backup has just put into its archive, as what a source may be emptied against. `archive` and `writer`,
// after commit(), outlive it. `wanted`: the job's filters; empty: everything.
std::unique_ptr<mail::Keeper> archive_keeper(const archive::Archive& archive, archive::SnapshotWriter& writer,
                                             std::function<bool(const archive::Entry&)> wanted);

}  // namespace postferry::endpoints
