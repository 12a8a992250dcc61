#include <atomic>
#include <cstdlib>
#include <memory>
#include <set>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/endpoints/archive_source.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "entry_view.h"
#include "network.h"
#include "open_archive.h"
#include "push.h"

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(Cause::config, Blast::run, Retry::never, what); }

// --message: a content each, told by the beginning of its name.
std::set<mail::ContentId> messages_named(const archive::Archive& archive, const Options& options) {
  std::set<mail::ContentId> out;
  for (const auto& word : options.message) {
    const auto hex = lower(word);
    if (hex.size() < 8 || hex.size() > 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
      refuse(fmt::format("--message {}: at least 8 hex digits, as `postferry ls ARCHIVE FOLDER` shows them",
                         printable(word, 80)));
    }
    std::set<mail::ContentId> found;
    for (const auto& one : archive.find_prefix(hex)) found.insert(mail::ContentId{one.entry.hash});
    if (found.size() > 1) {
      std::string list;
      for (const auto& one : found) list += "\n  " + content_hex(one).substr(0, 16);
      refuse(fmt::format("--message {} fits {} messages:{}", word, found.size(), list));
    }
    if (found.empty())
      throw Error(Cause::missing, Blast::run, Retry::never, fmt::format("there is no message {}", word));
    out.insert(found.begin(), found.end());
  }
  return out;
}

// The folders in which one of these messages lies: no others are made for it.
std::set<std::string> folders_with(Program& program, const archive::Archive& archive,
                                   const archive::Snapshot& snapshot, const std::set<mail::ContentId>& contents) {
  std::set<std::string> out;
  const auto reader = archive.read(snapshot);
  for (const auto& record : snapshot.folders) {
    reader->entries(
        record,
        [&](const archive::Entry& entry) {
          if (contents.contains(entry.content)) out.insert(record.folder.wire_name);
        },
        [&](const Error& error) { program.console.error(error.what()); });
  }
  return out;
}

struct Restoring {
  const OpenArchive& archive;
  std::set<mail::ContentId> contents;
};

PushSource source_of(PushTask& task, const Restoring& from, const archive::Snapshot& snapshot) {
  const auto damaged = std::make_shared<std::atomic<bool>>(false);
  PushSource out{.account = snapshot.account,
                 .ledger_id = endpoints::ledger_id(from.archive.info, snapshot),
                 .open = {}};
  endpoints::ArchiveReading reading{.only_present = task.options.only_present};
  reading.damaged = [damaged] { *damaged = true; };
  if (!task.options.message.empty()) {
    reading.wanted = [&from](const archive::Entry& entry) { return from.contents.contains(entry.content); };
    out.folders = [with = folders_with(task.program, *from.archive.archive, snapshot, from.contents)](
                      const mail::Folder& folder) { return with.contains(folder.wire_name); };
  }
  out.open = [&task, &from, snapshot, reading](const std::filesystem::path& work_folder) {
    auto here = reading;
    here.work_folder = work_folder;
    return endpoints::archive_source(*from.archive.archive, snapshot, here, task.budget);
  };
  out.damaged = [damaged] { return damaged->load(); };
  return out;
}

Secrets secrets_for(const Program& program, const config::Account& to) {
  const auto& options = program.options;
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  auto commands = options.to_password_command;
  // only one side signs in, so both spellings mean it
  commands.insert(commands.end(), options.password_command.begin(), options.password_command.end());
  return Secrets({},
                 {{}, program.passwords, credentials ? credentials : "", terminal_prompt(program.stop), commands}, to);
}

}  // namespace

Exit restore(Program& program) {
  const auto& options = program.options;
  program.console.keep_going();
  const auto to = find_destination(options.words[1], program, options);
  const auto archive = open_archive(program, find_archive(options.words[0], program.config));
  const auto chosen = choose_snapshots(program, *archive.archive, options.snapshot);
  need_one_account(chosen.snapshots, options.merge);
  if (chosen.snapshots.empty())
    throw Error(Cause::missing, Blast::run, Retry::never, "the archive holds no snapshot yet");
  for (const auto& snapshot : chosen.snapshots) say_if_incomplete(program, snapshot);
  const Restoring from{archive, messages_named(*archive.archive, options)};
  auto secrets = secrets_for(program, to);
  const Network network(options, program.clock);
  const auto transcript = options.trace_file.empty() ? nullptr : net::file_transcript(options.trace_file);
  ByteBudget budget(push_budget);
  PushTask task{program, options, to, network.dialer(), budget, transcript.get(),
                [&](const config::Account&) { return secrets.reveal(0); }, engine::FlagRule::add};
  std::vector<PushSource> sources;
  for (const auto& snapshot : chosen.snapshots) sources.push_back(source_of(task, from, snapshot));
  const auto results = push_all(task, sources);
  std::uint64_t listed = 0;
  for (const auto& one : results) listed += one.balance.listed;
  const auto exit = finish_push(program, results);
  if (!options.message.empty() && listed == 0 && exit == Exit::complete) {
    program.console.error("no such message is in this snapshot");
    return Exit::failed;
  }
  return chosen.damaged && exit == Exit::complete ? Exit::damaged : exit;
}

}  // namespace postferry::cli
