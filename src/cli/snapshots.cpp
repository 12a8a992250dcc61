#include <fmt/format.h>

#include <postferry/base/text.h>

#include "choose_snapshot.h"
#include "commands.h"
#include "open_archive.h"
#include "progress.h"
#include "when.h"

namespace postferry::cli {
namespace {

std::uint64_t messages_in(const archive::Snapshot& one) {
  std::uint64_t out = 0;
  for (const auto& folder : one.folders) out += folder.count;
  return out;
}

std::uint64_t bytes_in(const archive::Snapshot& one) {
  std::uint64_t out = 0;
  for (const auto& folder : one.folders) out += folder.bytes;
  return out;
}

codec::Json as_json(const archive::Snapshot& one) {
  auto out = codec::Json::object();
  out.add("event", "snapshot").add("id", short_id(one)).add("full_id", one.id).add("account", one.account);
  out.add("nickname", one.nickname).add("endpoint", one.endpoint).add("seq", one.seq);
  out.add("start", rfc3339(one.start)).add("end", rfc3339(one.end)).add("complete", one.complete);
  out.add("folders", std::uint64_t{one.folders.size()})
      .add("messages", messages_in(one))
      .add("bytes", bytes_in(one));
  add_balance(out, one.balance);
  auto selection = codec::Json::array();
  for (const auto& word : one.selection) selection.add(codec::Json(word));
  out.add("selection", selection).add("failures", one.failures.size() + one.more_failures).add("tool", one.tool);
  return out;
}

std::string as_text(const archive::Snapshot& one) {
  std::string words;
  for (const auto& word : one.selection) words += "  " + printable(word, 60);
  return fmt::format("{}  {}  {:>9} messages  {:>10}  {}{}", short_id(one), local_time(one.start),
                     grouped(messages_in(one)), human_bytes(bytes_in(one)),
                     one.complete ? "complete" : "not complete", words);
}

}  // namespace

Exit snapshots(Program& program) {
  auto& console = program.console;
  const auto archive = open_archive(program, find_archive(program.options.words.front(), program.config));
  const auto found = all_snapshots(program, *archive.archive);
  std::string account;
  for (const auto& one : found.snapshots) {
    if (console.is_json()) {
      console.json(as_json(one));
      continue;
    }
    if (one.account != account) console.line(account_label(one));
    account = one.account;
    console.line("  " + as_text(one));
  }
  console.json(codec::Json::object()
                   .add("event", "summary")
                   .add("archive", archive.info.id)
                   .add("snapshots", std::uint64_t{found.snapshots.size()}));
  if (found.snapshots.empty() && !console.is_json()) console.said("the archive holds no snapshot yet");
  return found.damaged ? Exit::damaged : Exit::complete;
}

}  // namespace postferry::cli
