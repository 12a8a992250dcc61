#pragma once

#include <memory>

#include <postferry/archive/archive.h>
#include <postferry/mail/sink.h>

namespace postferry::endpoints {

// Makes a SnapshotWriter look like a MailSink. `writer` outlives it.
std::unique_ptr<mail::MailSink> archive_sink(archive::SnapshotWriter& writer);

}  // namespace postferry::endpoints
