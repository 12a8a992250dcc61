#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "entry_view.h"
#include "open_archive.h"
#include "pattern.h"
#include "when.h"

namespace postferry::cli {
namespace {

struct Change {
  std::string folder;
  archive::Entry entry;
};

// Compares folder by folder with one folder of the older snapshot in memory; folders that name the same
// shelves are not read at all. What was removed here and added there by content is a move, so those wait for
// the end.
class Differ {
 public:
  Differ(Program& program, const OpenArchive& archive)
      : program_(program), console_(program.console), archive_(archive) {}

  void compare(const archive::Snapshot& from, const archive::Snapshot& to) {
    const auto old_reader = archive_->read(from), new_reader = archive_->read(to);
    std::map<std::string, const archive::FolderRecord*> old_folders;
    for (const auto& record : from.folders) old_folders.emplace(record.folder.wire_name, &record);
    for (const auto& record : to.folders) {
      program_.check_stop();
      const auto at = old_folders.find(record.folder.wire_name);
      const auto* before = at == old_folders.end() ? nullptr : at->second;
      if (!before) told_folder("folder_added", record);
      compare_folder(before, *old_reader, &record, *new_reader);
      if (at != old_folders.end()) old_folders.erase(at);
    }
    for (const auto& [wire, record] : old_folders) {
      told_folder("folder_removed", *record);
      compare_folder(record, *old_reader, nullptr, *new_reader);
    }
    tell_moves_and_the_rest();
  }

  void finish() {
    console_.json(codec::Json::object()
                      .add("event", "summary")
                      .add("added", added_count_)
                      .add("removed", removed_count_)
                      .add("moved", moved_)
                      .add("reflagged", reflagged_)
                      .add("damaged", damaged_));
    if (!console_.is_json() && !console_.quiet()) {
      console_.line(fmt::format("{} added, {} removed, {} moved, {} with other flags", grouped(added_count_),
                                grouped(removed_count_), grouped(moved_), grouped(reflagged_)));
    }
  }
  bool damaged() const { return damaged_; }

 private:
  using Held = std::unordered_map<std::uint32_t, archive::Entry>;

  Held read(const archive::FolderRecord* record, const archive::SnapshotReader& reader) {
    Held out;
    each(record, reader, [&](const archive::Entry& entry) { out.emplace(entry.number, entry); });
    return out;
  }

  template <class Found>
  void each(const archive::FolderRecord* record, const archive::SnapshotReader& reader, const Found& found) {
    if (!record) return;
    reader.entries(
        *record,
        [&](const archive::Entry& entry) {
          program_.check_stop();
          found(entry);
        },
        [&](const Error& error) {
          damaged_ = true;
          console_.error(
              fmt::format("{}: {}", printable(mail::join_path(record->folder.path), 200), error.what()));
        });
  }

  // Present to released or gone: the archive has it still, the server no more.
  static bool counts(const archive::Entry& entry) { return entry.presence == archive::Presence::present; }

  void compare_folder(const archive::FolderRecord* before, const archive::SnapshotReader& old_reader,
                      const archive::FolderRecord* after, const archive::SnapshotReader& new_reader) {
    if (before && after && before->shelves == after->shelves && before->uidvalidity == after->uidvalidity)
      return;
    const auto name = mail::join_path((after ? after : before)->folder.path);
    // another UIDVALIDITY has other numbers: nothing but the content can tell who is who
    const bool by_content = before && after && before->uidvalidity != after->uidvalidity;
    auto held = read(before, old_reader);
    std::unordered_multimap<std::string, std::uint32_t> numbers;
    if (by_content) {
      for (const auto& [number, entry] : held) numbers.emplace(content_hex(entry.content), number);
    }
    each(after, new_reader, [&](const archive::Entry& entry) {
      auto at = held.end();
      if (!by_content) {
        at = held.find(entry.number);
      } else if (const auto known = numbers.find(content_hex(entry.content)); known != numbers.end()) {
        at = held.find(known->second);
        numbers.erase(known);
      }
      if (at == held.end() || at->second.content != entry.content) {
        if (counts(entry)) added_.push_back({name, entry});
        return;
      }
      if (counts(at->second) && !counts(entry)) {
        removed_.push_back({name, entry});
      } else if (!counts(at->second) && counts(entry)) {
        added_.push_back({name, entry});
      } else if (at->second.flags != entry.flags) {
        ++reflagged_;
        tell("reflagged", '*', name, entry, {}, &at->second.flags);
      }
      held.erase(at);
    });
    for (auto& [number, entry] : held) {
      if (counts(entry)) removed_.push_back({name, std::move(entry)});
    }
  }

  void tell_moves_and_the_rest() {
    const auto in_order = [](const Change& a, const Change& b) {
      return std::tie(a.folder, a.entry.number) < std::tie(b.folder, b.entry.number);
    };
    std::sort(removed_.begin(), removed_.end(), in_order);
    std::multimap<mail::ContentId, const Change*> left;
    for (const auto& one : removed_) left.emplace(one.entry.content, &one);
    for (const auto& one : added_) {
      if (const auto at = left.find(one.entry.content);
          at != left.end() && at->second->folder != one.folder) {
        ++moved_;
        tell("moved", '>', one.folder, one.entry, at->second->folder, nullptr);
        left.erase(at);
      } else {
        ++added_count_;
        tell("added", '+', one.folder, one.entry, {}, nullptr);
      }
    }
    std::vector<const Change*> rest;
    for (const auto& [content, one] : left) rest.push_back(one);
    std::sort(rest.begin(), rest.end(), [&](const auto* a, const auto* b) { return in_order(*a, *b); });
    for (const auto* one : rest) {
      ++removed_count_;
      tell("removed", '-', one->folder, one->entry, {}, nullptr);
    }
  }

  void told_folder(const char* what, const archive::FolderRecord& record) {
    const auto name = mail::join_path(record.folder.path);
    if (console_.is_json()) {
      console_.json(codec::Json::object().add("event", "difference").add("kind", what).add("folder", name));
    } else {
      console_.line(fmt::format("{} folder {}", std::string_view(what) == "folder_added" ? '+' : '-',
                                printable(name, 300)));
    }
  }

  void tell(const char* kind, char mark, const std::string& folder, const archive::Entry& entry,
            const std::string& from, const mail::Flags* before) {
    const auto headline = headline_of(*archive_.archive, entry.content);
    if (!console_.is_json()) {
      console_.line(fmt::format("{} {}{}: {}{}", mark, from.empty() ? "" : printable(from, 200) + " -> ",
                                printable(folder, 200), entry_line(entry, headline),
                                before ? "  (was " + flag_letters(*before) + ")" : ""));
      return;
    }
    auto object = codec::Json::object();
    object.add("event", "difference").add("kind", kind).add("folder", folder);
    if (!from.empty()) object.add("from_folder", from);
    add_entry(object, entry);
    add_headline(object, headline);
    if (before) {
      auto flags = codec::Json::array(), keywords = codec::Json::array();
      for (auto& word : flag_words(*before)) flags.add(codec::Json(std::move(word)));
      for (const auto& word : before->keywords) keywords.add(codec::Json(word));
      object.add("old_flags", flags).add("old_keywords", keywords);
    }
    console_.json(object);
  }

  Program& program_;
  Console& console_;
  const OpenArchive& archive_;
  std::vector<Change> added_, removed_;
  std::uint64_t added_count_ = 0, removed_count_ = 0, moved_ = 0, reflagged_ = 0;
  bool damaged_ = false;
};

archive::Snapshot one_snapshot(Program& program, const OpenArchive& archive, const std::string& word,
                               bool& damaged) {
  auto chosen = choose_snapshots(program, *archive.archive, word);
  damaged = damaged || chosen.damaged;
  need_one_account(chosen.snapshots, false);
  if (chosen.snapshots.empty()) {
    throw Error(Cause::missing, Blast::run, Retry::never, "the archive holds no snapshot yet");
  }
  return std::move(chosen.snapshots.front());
}

}  // namespace

Exit diff(Program& program) {
  const auto& words = program.options.words;
  const auto archive = open_archive(program, find_archive(words[0], program.config));
  bool damaged = false;
  const auto from = one_snapshot(program, archive, words[1], damaged);
  const auto to = one_snapshot(program, archive, words[2], damaged);
  if (from.account != to.account) {
    program.console.warn(
        fmt::format("the snapshots are of two accounts, {} and {}", account_label(from), account_label(to)));
  }
  say_if_incomplete(program, from);
  say_if_incomplete(program, to);
  Differ differ(program, archive);
  differ.compare(from, to);
  differ.finish();
  return damaged || differ.damaged() ? Exit::damaged : Exit::complete;
}

}  // namespace postferry::cli
