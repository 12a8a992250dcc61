#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "entry_view.h"
#include "open_archive.h"

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

using Found = std::map<codec::Digest, archive::TocEntry>;  // the same bytes may lie in two packs: one message

Found candidates(const archive::Archive& archive, const std::string& word) {
  const auto hex = lower(word);
  if (hex.size() < 8 || hex.size() > 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    refuse(fmt::format(
        "\"{}\" is no message: at least 8 hex digits, as `postferry ls ARCHIVE FOLDER` shows them",
        printable(word, 80)));
  }
  Found out;
  for (auto& one : archive.find_prefix(hex)) out.emplace(one.entry.hash, std::move(one.entry));
  return out;
}

// Keeps what some snapshot of the chosen accounts lists.
void keep_members(Program& program, const archive::Archive& archive,
                  const std::vector<archive::Snapshot>& snapshots, Found& found) {
  std::map<codec::Digest, bool> member;
  for (auto it = snapshots.rbegin(); it != snapshots.rend() && member.size() < found.size(); ++it) {
    const auto reader = archive.read(*it);
    for (const auto& folder : it->folders) {
      reader->entries(
          folder,
          [&](const archive::Entry& entry) {
            program.check_stop();
            if (found.contains(entry.content.digest)) member[entry.content.digest] = true;
          },
          [&](const Error& error) { program.console.error(error.what()); });
    }
  }
  std::erase_if(found, [&](const auto& one) { return !member.contains(one.first); });
}

void write_out(Program& program, const archive::Archive& archive, const mail::ContentId& content) {
  const auto body = archive.body(content);
  const auto source = body->open();
  std::array<std::byte, 64u << 10> buffer{};
  while (const auto got = source->read(buffer)) {
    program.check_stop();
    program.console.bytes(std::span(buffer).first(got));
  }
}

}  // namespace

Exit show(Program& program) {
  const auto& words = program.options.words;
  const auto archive = open_archive(program, find_archive(words[0], program.config));
  const auto snapshots = all_snapshots(program, *archive.archive);
  need_one_account(snapshots.snapshots, program.options.merge);
  auto found = candidates(*archive.archive, words[1]);
  if (!program.options.account.empty()) keep_members(program, *archive.archive, snapshots.snapshots, found);
  if (found.empty()) {
    throw Error(Cause::missing, Blast::run, Retry::never,
                fmt::format("there is no message {}{}", words[1],
                            program.options.account.empty() ? "" : " in this account"));
  }
  if (found.size() > 1) {
    std::string list;
    for (const auto& [hash, entry] : found) {
      list +=
          fmt::format("\n  {}  {}  {}  {}", to_hex(hash).substr(0, 16), printable(entry.headline.date, 40),
                      printable(entry.headline.from, 60), printable(entry.headline.subject, 100));
    }
    refuse(fmt::format("{} fits {} messages:{}", words[1], found.size(), list));
  }
  const auto& [hash, entry] = *found.begin();
  if (!program.console.is_json()) {
    write_out(program, *archive.archive, mail::ContentId{hash});
    return Exit::complete;
  }
  auto object = codec::Json::object();
  object.add("event", "message").add("content", to_hex(hash)).add("size", entry.size).add("name", entry.name);
  object.add("date", entry.headline.date);
  add_headline(object, entry.headline);
  program.console.json(object);
  return Exit::complete;
}

}  // namespace postferry::cli
