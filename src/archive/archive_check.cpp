#include "archive_check.h"

#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/json.h>
#include <postferry/mail/folder_path.h>

#include "base_snapshot.h"
#include "folder_pages.h"
#include "pack_name.h"
#include "pack_reader.h"
#include "rfc3339.h"
#include "small_blob.h"
#include "snapshot_file.h"
#include "tar_path.h"

namespace postferry::archive {
namespace {

constexpr std::size_t most_messages = 1000;  // named of one problem

}  // namespace

std::string path_for_people(const mail::Folder& folder) {
  return printable(folder.path.empty() ? folder.wire_name : mail::join_path(folder.path));
}

std::string message_for_people(const std::string& folder, const Entry& entry, const TocEntry* toc) {
  std::string date;
  if (!entry.date || !append_rfc3339(date, *entry.date)) date = toc != nullptr ? toc->headline.date : "no date";
  if (toc == nullptr) {
    return fmt::format("{}, {}, number {}, content {}", folder, date, entry.number, to_hex(Bytes(entry.content.digest).first(8)));
  }
  return fmt::format("{}, {}, from {}, \"{}\"", folder, date, toc->headline.from, toc->headline.subject);
}

ArchiveCheck::ArchiveCheck(const BlobStore& store, const CheckOptions& options, const Tell& tell, const Progress& progress)
    : store_(store), options_(options), tell_(tell), progress_(progress), index_(store) {}

void ArchiveCheck::error(const std::string& where, const std::string& what, std::vector<std::string> messages) {
  ++report_.errors;
  if (tell_) tell_({true, where, what, std::move(messages)});
}

void ArchiveCheck::note(const std::string& where, const std::string& what) {
  if (tell_) tell_({false, where, what, {}});
}

void ArchiveCheck::advance(std::uint64_t bytes) {
  done_ += bytes;
  if (progress_) progress_(done_, all_);
}

CheckReport ArchiveCheck::run() {
  list();
  read_tables();
  check_sequence();
  for (const auto& snapshot : snapshots_) check_names(snapshot);
  if (options_.read_data) read_data();
  tell_lost();
  return report_;
}

// Snapshots before packs: what is written meanwhile is not half seen.
void ArchiveCheck::list() {
  const auto foreign = [this](const std::string& name) { note(name, "none of our files; passed over"); };
  read_snapshots();
  for (const auto kind : {Kind::forgotten, Kind::tombstone, Kind::lock}) {
    store_.list(kind, [](const std::string&, std::uint64_t) {}, foreign);
  }
  store_.list(
      Kind::pack,
      [this](const std::string& name, std::uint64_t size) {
        packs_.push_back({name, size});
        if (options_.read_data && is_chosen(packs_.back())) all_ += size;
      },
      foreign);
  index_.list();
}

void ArchiveCheck::read_tables() {
  for (const auto& pack : packs_) read_table(pack);
  report_.packs = packs_.size();
  report_.messages = mails_.size();
}

void ArchiveCheck::read_table(const Pack& pack) {
  auto& told = told_[pack.name];
  const auto trouble = [&](const Error& why) {
    if (told.insert(why.what()).second) error(pack.name, why.what());
  };
  try {
    PackReader(store_, pack.name, trouble).each([this](const TocEntry& entry) {
      if (entry.is_mail()) mails_.add(prefix_of(entry.hash), {});
    });
  } catch (const Error& why) {
    trouble(why);
  }
}

void ArchiveCheck::read_snapshots() {
  std::vector<std::string> names;
  store_.list(
      Kind::snapshot, [&](const std::string& name, std::uint64_t) { names.push_back(name); },
      [this](const std::string& name) { note(name, "none of our files; passed over"); });
  for (const auto& name : names) {
    try {
      snapshots_.push_back(load_snapshot(store_, name));
    } catch (const Error& why) {
      damaged_snapshots_.insert(name);
      error(name, why.what());
    }
  }
  report_.snapshots = names.size();
  std::stable_sort(snapshots_.begin(), snapshots_.end(), [](const Snapshot& a, const Snapshot& b) {
    return std::tie(a.account, a.seq) < std::tie(b.account, b.seq);
  });
}

// Each seq from 1 to the highest of an account is there, forgotten, or one of the files that cannot be read.
void ArchiveCheck::check_sequence() {
  std::map<std::string, std::set<std::uint64_t>> seen;
  for (const auto& snapshot : snapshots_) seen[snapshot.account].insert(snapshot.seq);
  store_.list(Kind::forgotten, [&](const std::string& name, std::uint64_t) {
    try {
      const auto json = codec::parse_json(read_blob(store_, {Kind::forgotten, name}));
      if (!json || !json->is_object() || json->natural("seq") == 0) {
        error(name, "it cannot be read: what was forgotten cannot be told from what was lost");
        return;
      }
      seen[json->text("account")].insert(json->natural("seq"));
    } catch (const Error& why) {
      error(name, why.what());
    }
  });
  for (const auto& [account, numbers] : seen) {
    const auto slug = account_slug(account);
    auto unread = std::count_if(damaged_snapshots_.begin(), damaged_snapshots_.end(),
                                [&](const std::string& name) { return slug_part(name) == slug; });
    std::uint64_t expected = 1;
    for (const auto number : numbers) {
      for (; expected < number; ++expected) {
        if (--unread >= 0) continue;
        error("snapshots", fmt::format("snapshot {} of {} is missing: it is neither there nor forgotten", expected,
                                       printable(account)));
      }
      expected = number + 1;
    }
  }
}

void ArchiveCheck::check_names(const Snapshot& snapshot) {
  for (const auto& folder : snapshot.folders) check_folder(snapshot, folder);
}

// A shelf that was found good once is good for every snapshot that names it.
void ArchiveCheck::check_folder(const Snapshot& snapshot, const FolderRecord& folder) {
  const auto name = path_for_people(folder.folder);
  const auto where = fmt::format("{}, {}", snapshot.name, name);
  for (const auto& shelf : folder.shelves) {
    if (good_shelves_.contains(shelf)) continue;
    bool is_good = true;
    std::vector<std::string> missing;
    std::uint64_t count = 0, expected = 0;
    FolderPages pages(index_, std::span(&shelf, 1));
    pages.each(
        [&](const Entry& entry) {
          ++count;
          if (index_.holds(entry.content.digest)) return;
          if (missing.size() < most_messages) missing.push_back(message_for_people(name, entry, nullptr));
        },
        [&](const Error& why) {
          is_good = false;
          error(where, why.what());
        });
    for (const auto& page : pages.pages()) expected += page.count;
    if (!missing.empty()) error(where, "messages that no pack holds", missing);
    if (is_good && count != expected) {
      error(where, fmt::format("shelf {} promises {} messages, its pages hold {}", to_hex(shelf), expected, count));
    } else if (is_good && missing.empty()) {
      good_shelves_.insert(shelf);
    }
  }
}

// Of n parts, or of so many percent, always the same packs: by the hash in their name.
bool ArchiveCheck::is_chosen(const Pack& pack) const {
  const auto bytes = from_hex(hash_part(pack.name).substr(0, 8));
  if (!bytes || bytes->size() != 4) return true;
  std::uint32_t number = 0;
  for (const auto byte : *bytes) number = number << 8U | std::to_integer<std::uint32_t>(byte);
  if (options_.part) return number % std::max(1U, options_.part->second) + 1 == options_.part->first;
  return options_.percent >= 100 || number < options_.percent / 100 * 4294967296.0;
}

void ArchiveCheck::read_data() {
  for (const auto& pack : packs_) {
    if (!is_chosen(pack)) continue;
    read_pack(pack);
    report_.bytes_read += pack.size;
    advance(pack.size);
  }
}

void ArchiveCheck::read_pack(const Pack& pack) {
  auto& told = told_[pack.name];
  const auto trouble = [&](const Error& why) {
    if (told.insert(why.what()).second) error(pack.name, why.what());
  };
  const auto damaged = [&](const TocEntry& entry, const Error& why) { lost_.push_back({pack.name, entry, why.what()}); };
  const auto good = [this](const TocEntry& entry) {
    if (entry.is_mail()) ++report_.messages_read;
  };
  try {
    const PackReader reader(store_, pack.name, trouble);
    reader.verify(damaged, good);
  } catch (const Error& why) {
    trouble(why);
  }
}

// Names the mail of each damaged pack, by the folders in which the last snapshots have it.
void ArchiveCheck::tell_lost() {
  if (lost_.empty()) return;
  std::map<codec::Digest, std::set<std::string>> folders;
  for (const auto& lost : lost_) folders[lost.entry.hash];
  std::map<std::string, const Snapshot*> last;
  for (const auto& snapshot : snapshots_) last[snapshot.account] = &snapshot;
  for (const auto& [account, snapshot] : last) {
    for (const auto& folder : snapshot->folders) {
      FolderPages(index_, folder.shelves)
          .each(
              [&](const Entry& entry) {
                const auto found = folders.find(entry.content.digest);
                if (found != folders.end()) found->second.insert(path_for_people(folder.folder));
              },
              {});  // told by check_folder()
    }
  }
  std::map<std::string, std::vector<std::string>> by_pack;
  for (const auto& lost : lost_) {
    auto& messages = by_pack[lost.pack];
    if (messages.size() >= most_messages) continue;
    if (!lost.entry.is_mail()) {
      messages.push_back(printable(lost.entry.name));
      continue;
    }
    std::string where;
    for (const auto& folder : folders[lost.entry.hash]) where += (where.empty() ? "" : " and ") + folder;
    if (where.empty()) where = lost.entry.name.substr(0, lost.entry.name.rfind('/'));
    const auto& headline = lost.entry.headline;
    messages.push_back(fmt::format("{}, {}, from {}, \"{}\"", where, headline.date, headline.from, headline.subject));
  }
  for (auto& [pack, messages] : by_pack) {
    const auto count = std::count_if(lost_.begin(), lost_.end(), [&](const Lost& lost) { return lost.pack == pack; });
    const auto first = std::find_if(lost_.begin(), lost_.end(), [&](const Lost& lost) { return lost.pack == pack; });
    error(pack, fmt::format("{} of its entries are damaged ({})", count, first->why), std::move(messages));
  }
}

}  // namespace postferry::archive
