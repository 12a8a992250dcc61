#include <set>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>
#include <postferry/codec/base64.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "entry_view.h"
#include "export_target.h"
#include "open_archive.h"
#include "selection.h"
#include "when.h"

namespace postferry::cli {
namespace {

struct Counts {
  std::uint64_t messages = 0, written = 0, there = 0, failed = 0, skipped = 0, bytes = 0;
};

// Writes one snapshot into one folder tree.
class Exporter {
 public:
  Exporter(Program& program, const OpenArchive& archive, Selection& selection, ExportIndex& index,
           Counts& counts)
      : program_(program),
        console_(program.console),
        archive_(archive),
        selection_(selection),
        index_(index),
        counts_(counts) {}

  void write(const archive::Snapshot& snapshot, ExportTarget& target, const std::string& below) {
    say_if_incomplete(program_, snapshot);
    const auto reader = archive_->read(snapshot);
    for (const auto& record : snapshot.folders) {
      program_.check_stop();
      if (!selection_.takes_folder(record.folder.path, record.folder.role)) continue;
      if (!record.folder.selectable && record.count == 0) continue;
      const auto folder = below + target.open_folder(record.folder);
      note_folder(snapshot, record, folder);
      reader->entries(
          record, [&](const archive::Entry& entry) { write_one(record, entry, target, folder); },
          [&](const Error& error) { damage(record, error.what()); });
      if (console_.shows_progress())
        console_.status(fmt::format("{} messages  {}", grouped(counts_.messages), printable(folder, 60)));
    }
  }
  bool damaged() const { return damaged_; }

 private:
  void note_folder(const archive::Snapshot& snapshot, const archive::FolderRecord& record,
                   const std::string& folder) {
    auto words = codec::Json::array();
    for (const auto& word : record.folder.path) words.add(codec::Json(word));
    auto line = codec::Json::object();
    line.add("folder", folder)
        .add("account", snapshot.account)
        .add("snapshot", short_id(snapshot))
        .add("path", words);
    if (is_utf8(record.folder.wire_name)) {
      line.add("wire", record.folder.wire_name);
    } else {
      line.add("wire_b64", codec::base64(as_bytes(record.folder.wire_name)));
    }
    line.add("uidvalidity", record.uidvalidity)
        .add("role", role_word(record.folder.role))
        .add("messages", record.count);
    index_.add(line);
  }

  void write_one(const archive::FolderRecord& record, const archive::Entry& entry, ExportTarget& target,
                 const std::string& folder) {
    program_.check_stop();
    if ((program_.options.only_present && entry.presence != archive::Presence::present) ||
        selection_.leaves_out(entry.date, entry.size)) {
      ++counts_.skipped;
      return;
    }
    ++counts_.messages;
    const auto file = target.file_for(record, entry);
    try {
      if (const auto before = target.earlier(record, entry); !before.empty() && before != file) {
        std::error_code gone;  // moved away meanwhile: then it is written anew
        std::filesystem::rename(before, file, gone);
      }
      const auto body = archive_->body(entry.content);
      const auto how = write_message(*body, entry.content, target.part_for(entry), file, entry.date);
      ++(how == Written::anew ? counts_.written : counts_.there);
      counts_.bytes += entry.size;
    } catch (const Error& error) {
      if (error.cause == Cause::storage) throw;  // the disk: the next message would fare no better
      ++counts_.failed;
      if (error.cause == Cause::damaged) damaged_ = true;
      tell_failure(record, entry, error.what());
      return;
    }
    auto line = codec::Json::object();
    line.add("file", folder == "." ? "cur/" + file.filename().native() : name_in_index(folder, file));
    add_entry(line, entry);
    index_.add(line);
  }

  static std::string name_in_index(const std::string& folder, const std::filesystem::path& file) {
    const auto sub = file.parent_path().filename() == "cur" ? "cur/" : "";
    return folder + "/" + sub + file.filename().native();
  }

  void tell_failure(const archive::FolderRecord& record, const archive::Entry& entry,
                    const std::string& reason) {
    const auto headline = headline_of(*archive_.archive, entry.content);
    const auto name = mail::join_path(record.folder.path);
    console_.error(fmt::format("{} {}: {}, {}, \"{}\": {}", printable(name, 200),
                               short_content(entry.content), shown_date(entry.date),
                               printable(headline.from, 100), printable(headline.subject, 160), reason));
    auto object = codec::Json::object();
    object.add("event", "failed").add("folder", name);
    add_entry(object, entry);
    add_headline(object, headline);
    console_.json(object.add("reason", reason));
  }

  void damage(const archive::FolderRecord& record, const std::string& what) {
    damaged_ = true;
    console_.error(fmt::format("{}: {}", printable(mail::join_path(record.folder.path), 200), what));
    console_.json(codec::Json::object()
                      .add("event", "problem")
                      .add("where", mail::join_path(record.folder.path))
                      .add("what", what));
  }

  Program& program_;
  Console& console_;
  const OpenArchive& archive_;
  Selection& selection_;
  ExportIndex& index_;
  Counts& counts_;
  bool damaged_ = false;
};

std::unique_ptr<ExportTarget> target_for(const std::string& format, const std::filesystem::path& root) {
  return format == "maildir" ? maildir_target(root) : eml_target(root);
}

void tell_end(Program& program, const std::filesystem::path& root, const Counts& counts) {
  auto& console = program.console;
  console.status("");
  console.json(codec::Json::object()
                   .add("event", "summary")
                   .add("path", root.native())
                   .add("messages", counts.messages)
                   .add("written", counts.written)
                   .add("there", counts.there)
                   .add("skipped", counts.skipped)
                   .add("failed", counts.failed)
                   .add("bytes", counts.bytes));
  if (console.is_json() || console.quiet()) return;
  console.line(fmt::format("{}: {}, {}: {} written, {} there already, {} failed", printable(root.native()),
                           counted(counts.messages, "message", "messages"), human_bytes(counts.bytes),
                           grouped(counts.written), grouped(counts.there), grouped(counts.failed)));
}

}  // namespace

Exit export_snapshot(Program& program) {
  const auto& options = program.options;
  const auto format = options.format.empty() ? std::string("eml") : options.format;
  Selection selection(options);
  const auto archive = open_archive(program, find_archive(options.words[0], program.config));
  const auto chosen = choose_snapshots(program, *archive.archive, options.snapshot);
  need_one_account(chosen.snapshots, options.merge);
  if (chosen.snapshots.empty()) {
    throw Error(Cause::missing, Blast::run, Retry::never, "the archive holds no snapshot yet");
  }
  need_folders(chosen.snapshots, selection);
  const auto root = std::filesystem::absolute(options.words[1]).lexically_normal();
  prepare_export_folder(root, format, archive.info.id, options.force);
  ExportIndex index(root);
  Counts counts;
  Exporter exporter(program, archive, selection, index, counts);
  UniqueNames account_names;
  for (const auto& snapshot : chosen.snapshots) {
    // several accounts side by side, each in a folder of its own: nothing of one is mistaken for the other's
    const auto below =
        chosen.snapshots.size() > 1 ? account_names.take(safe_word(snapshot.account)) : std::string();
    const auto target = target_for(format, below.empty() ? root : root / below);
    exporter.write(snapshot, *target, below.empty() ? "" : below + "/");
  }
  index.publish();
  tell_end(program, root, counts);
  if (exporter.damaged() || chosen.damaged) return Exit::damaged;
  return counts.failed ? Exit::partly : Exit::complete;
}

}  // namespace postferry::cli
