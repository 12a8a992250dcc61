#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "entry_view.h"
#include "open_archive.h"
#include "selection.h"
#include "when.h"

namespace postferry::cli {
namespace {

std::string_view how_word(archive::How how) {
  switch (how) {
    case archive::How::listed:
      return "listed";
    case archive::How::partial:
      return "partial";
    case archive::How::carried:
      return "carried";
    case archive::How::excluded:
      return "excluded";
  }
  return "listed";
}

// Lists folders, or what is in them; one for a command.
class Lister {
 public:
  Lister(Program& program, const OpenArchive& archive, Selection& selection, bool messages)
      : program_(program),
        console_(program.console),
        archive_(archive),
        selection_(selection),
        messages_(messages) {}

  void list(const archive::Snapshot& snapshot) {
    say_if_incomplete(program_, snapshot);
    if (!console_.is_json()) {
      console_.line(fmt::format("{}, snapshot {}, {}", account_label(snapshot), short_id(snapshot),
                                local_time(snapshot.start)));
    }
    const auto reader = archive_->read(snapshot);
    for (const auto& record : snapshot.folders) {
      program_.check_stop();
      if (!selection_.takes_folder(record.folder.path, record.folder.role)) continue;
      if (messages_ || selection_.filters_messages() || program_.options.only_present) {
        list_messages(snapshot, *reader, record);
      } else {
        list_folder(snapshot, record, record.count, record.bytes);
      }
    }
  }

  void finish() {
    console_.json(codec::Json::object()
                      .add("event", "summary")
                      .add("folders", folders_)
                      .add("messages", all_messages_)
                      .add("bytes", all_bytes_)
                      .add("damaged", damaged_));
  }
  bool damaged() const { return damaged_; }

 private:
  void list_folder(const archive::Snapshot& snapshot, const archive::FolderRecord& record,
                   std::uint64_t count, std::uint64_t bytes) {
    ++folders_;
    if (!messages_) all_messages_ += count, all_bytes_ += bytes;
    const auto name = mail::join_path(record.folder.path);
    if (!console_.is_json()) {
      const bool partial =
          record.how != archive::How::excluded && record.folder.selectable && !record.complete;
      console_.line(fmt::format("  {:>9}  {:>10}  {}{}{}", grouped(count), human_bytes(bytes),
                                printable(name, 300),
                                record.how == archive::How::listed || !record.folder.selectable
                                    ? ""
                                    : fmt::format("  ({})", how_word(record.how)),
                                partial && record.how == archive::How::listed ? "  (not complete)" : ""));
      return;
    }
    auto words = codec::Json::array();
    for (const auto& word : record.folder.path) words.add(codec::Json(word));
    console_.json(codec::Json::object()
                      .add("event", "folder")
                      .add("account", snapshot.account)
                      .add("snapshot", short_id(snapshot))
                      .add("folder", name)
                      .add("path", words)
                      .add("role", role_word(record.folder.role))
                      .add("messages", count)
                      .add("bytes", bytes)
                      .add("selectable", record.folder.selectable)
                      .add("how", how_word(record.how))
                      .add("complete", record.complete)
                      .add("suspicious", record.suspicious));
  }

  void list_messages(const archive::Snapshot& snapshot, const archive::SnapshotReader& reader,
                     const archive::FolderRecord& record) {
    const auto name = mail::join_path(record.folder.path);
    if (messages_ && !console_.is_json()) {
      console_.line(
          fmt::format("{}: {}", printable(name, 300), counted(record.count, "message", "messages")));
    }
    std::uint64_t count = 0, bytes = 0;
    reader.entries(
        record,
        [&](const archive::Entry& entry) {
          program_.check_stop();
          if (program_.options.only_present && entry.presence != archive::Presence::present) return;
          if (selection_.leaves_out(entry.date, entry.size)) return;
          ++count, bytes += entry.size;
          if (messages_) list_message(snapshot, name, entry);
        },
        [&](const Error& error) {
          damaged_ = true;
          console_.error(fmt::format("{}: {}", printable(name, 200), error.what()));
        });
    if (messages_) {
      ++folders_, all_messages_ += count, all_bytes_ += bytes;
    } else {
      list_folder(snapshot, record, count, bytes);
    }
  }

  void list_message(const archive::Snapshot& snapshot, const std::string& folder,
                    const archive::Entry& entry) {
    const auto headline = headline_of(*archive_.archive, entry.content);
    if (!console_.is_json()) {
      console_.line(entry_line(entry, headline));
      return;
    }
    auto object = codec::Json::object();
    object.add("event", "message").add("account", snapshot.account).add("snapshot", short_id(snapshot));
    object.add("folder", folder).add("id", short_content(entry.content));
    add_entry(object, entry);
    add_headline(object, headline);
    console_.json(object);
  }

  Program& program_;
  Console& console_;
  const OpenArchive& archive_;
  Selection& selection_;
  const bool messages_;
  bool damaged_ = false;
  std::uint64_t folders_ = 0, all_messages_ = 0, all_bytes_ = 0;
};

}  // namespace

Exit ls(Program& program) {
  Options options = program.options;
  const bool messages = options.words.size() > 1;
  options.folder.insert(options.folder.end(), options.words.begin() + 1, options.words.end());
  Selection selection(options);
  const auto archive = open_archive(program, find_archive(options.words.front(), program.config));
  const auto chosen = choose_snapshots(program, *archive.archive, options.snapshot);
  need_folders(chosen.snapshots, selection);
  Lister lister(program, archive, selection, messages);
  for (const auto& snapshot : chosen.snapshots) lister.list(snapshot);
  lister.finish();
  if (chosen.snapshots.empty() && !program.console.is_json())
    program.console.said("the archive holds no snapshot yet");
  return chosen.damaged || lister.damaged() ? Exit::damaged : Exit::complete;
}

}  // namespace postferry::cli
