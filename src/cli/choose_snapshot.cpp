#include "choose_snapshot.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/folder_path.h>

#include "pattern.h"
#include "when.h"

namespace postferry::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

std::string accounts_in(const std::vector<archive::Snapshot>& snapshots) {
  std::set<std::string> labels;
  for (const auto& snapshot : snapshots) labels.insert(account_label(snapshot));
  std::string out;
  for (const auto& label : labels) out += "\n  " + label;
  return out;
}

std::string listed(const std::vector<archive::Snapshot>& snapshots) {
  std::string out;
  for (const auto& one : snapshots) {
    out += fmt::format("\n  {}  {}  {}", one.id.substr(0, 16), local_time(one.start), account_label(one));
  }
  return out;
}

bool looks_like_id(const std::string& word) {
  return word.size() >= 4 && word.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

std::vector<archive::Snapshot> by_id(const std::vector<archive::Snapshot>& all, const std::string& word) {
  std::vector<archive::Snapshot> out;
  for (const auto& one : all) {
    if (one.id.starts_with(lower(word))) out.push_back(one);
  }
  if (out.size() > 1) refuse(fmt::format("{} fits {} snapshots:{}", word, out.size(), listed(out)));
  if (out.empty()) refuse(fmt::format("there is no snapshot {}; `postferry snapshots` lists them", word));
  return out;
}

// The last of each account that began before `end`; of all of them without one.
std::vector<archive::Snapshot> last_of_each(const std::vector<archive::Snapshot>& all,
                                            std::optional<std::chrono::sys_seconds> end) {
  std::map<std::string, archive::Snapshot> last;
  for (const auto& one : all) {
    if (end && one.start >= *end) continue;
    const auto at = last.find(one.account);
    if (at == last.end()) {
      last.emplace(one.account, one);
    } else if (at->second.seq <= one.seq) {
      at->second = one;
    }
  }
  std::vector<archive::Snapshot> out;
  for (auto& [account, one] : last) out.push_back(std::move(one));
  return out;
}

}  // namespace

std::string short_id(const archive::Snapshot& snapshot) { return snapshot.id.substr(0, 8); }

std::string account_label(const archive::Snapshot& snapshot) {
  const auto id = printable(snapshot.account, 120);
  return snapshot.nickname.empty() ? id : fmt::format("{} ({})", id, printable(snapshot.nickname, 60));
}

Chosen all_snapshots(Program& program, const archive::Archive& archive) {
  Chosen out;
  auto all = archive.snapshots([&](const Error& error) {
    out.damaged = true;
    program.console.error(error.what());
  });
  const auto& globs = program.options.account;
  for (auto& one : all) {
    const auto hit = [&](const std::string& glob) {
      return glob_matches(glob, one.account) || (!one.nickname.empty() && glob_matches(glob, one.nickname));
    };
    if (globs.empty() || std::any_of(globs.begin(), globs.end(), hit))
      out.snapshots.push_back(std::move(one));
  }
  if (out.snapshots.empty() && !globs.empty()) {
    // `all` has lost nothing but what matched, and nothing did
    refuse(
        fmt::format("no account is like {}{}", printable(globs.front(), 60),
                    all.empty() ? "; the archive has no snapshot yet" : "; there are:" + accounts_in(all)));
  }
  return out;
}

Chosen choose_snapshots(Program& program, const archive::Archive& archive, const std::string& word) {
  auto out = all_snapshots(program, archive);
  if (word.empty() || word == "latest") {
    out.snapshots = last_of_each(out.snapshots, std::nullopt);
  } else if (const auto date = read_date(word)) {
    out.snapshots = last_of_each(out.snapshots, date->end);
    if (out.snapshots.empty())
      refuse(fmt::format("there is no snapshot of {} or before", printable(word, 60)));
  } else if (looks_like_id(word)) {
    out.snapshots = by_id(out.snapshots, word);
  } else {
    refuse(fmt::format("\"{}\" is no snapshot: at least 4 hex digits of its id, latest, or a date",
                       printable(word, 60)));
  }
  return out;
}

void need_folders(const std::vector<archive::Snapshot>& snapshots, Selection& selection) {
  for (const auto& one : snapshots) {
    for (const auto& record : one.folders) selection.takes_folder(record.folder.path, record.folder.role);
  }
  if (const auto idle = selection.idle_folder_patterns(); !idle.empty()) {
    refuse(fmt::format("{}: there is no such folder in {}", printable(idle.front(), 120),
                       snapshots.size() == 1 ? "this snapshot" : "these snapshots"));
  }
}

void need_one_account(const std::vector<archive::Snapshot>& snapshots, bool merge) {
  std::set<std::string> accounts;
  for (const auto& one : snapshots) accounts.insert(one.account);
  if (accounts.size() > 1 && !merge) {
    refuse(
        fmt::format("the archive holds several accounts; choose with --account, or take all with --merge:{}",
                    accounts_in(snapshots)));
  }
}

void say_if_incomplete(Program& program, const archive::Snapshot& snapshot) {
  if (snapshot.complete) return;
  std::string folders;
  std::size_t shown = 0;
  for (const auto& one : snapshot.folders) {
    if (one.complete && !one.suspicious) continue;
    if (++shown <= 3)
      folders += (folders.empty() ? ": " : ", ") + printable(mail::join_path(one.folder.path), 80);
  }
  program.console.warn(fmt::format("snapshot {} of {} ({}) is not complete{}{}", short_id(snapshot),
                                   account_label(snapshot), local_time(snapshot.start), folders,
                                   shown > 3 ? fmt::format(" and {} more folders", shown - 3) : ""));
}

}  // namespace postferry::cli
