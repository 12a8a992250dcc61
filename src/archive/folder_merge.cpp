#include "folder_merge.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "folder_pages.h"
#include "pop3_ordinals.h"
#include "salvage.h"

namespace postferry::archive {
namespace {

constexpr std::uint32_t last_number = 0xFFFFFFFF;

std::string name_for_people(const mail::Folder& folder) {
  std::string out;
  for (const auto& word : folder.path) out += (out.empty() ? "" : "/") + word;
  return printable(out.empty() ? folder.wire_name : out);
}

// Sorted, and what touches is joined.
std::vector<mail::Span> joined(std::vector<mail::Span> spans) {
  std::sort(spans.begin(), spans.end(), [](const mail::Span& a, const mail::Span& b) { return a.first < b.first; });
  std::vector<mail::Span> out;
  for (const auto& span : spans) {
    if (span.first > span.last) continue;
    if (!out.empty() && (out.back().last == last_number || span.first <= out.back().last + 1)) {
      out.back().last = std::max(out.back().last, span.last);
    } else {
      out.push_back(span);
    }
  }
  return out;
}

bool contains(const std::vector<mail::Span>& spans, std::uint32_t number) {
  return std::any_of(spans.begin(), spans.end(), [&](const mail::Span& span) { return span.contains(number); });
}

// Every number that the server had given when the folder was opened.
bool reaches_all(const std::vector<mail::Span>& spans, const mail::FolderState& state) {
  if (spans.size() != 1 || spans.front().first > 1) return false;
  return spans.front().last == last_number || (state.next > 0 && spans.front().last >= state.next - 1);
}

// What the listing of a held message does not tell again stays as it was.
void complete_from(Entry& entry, const Entry& before) {
  if (!entry.date) entry.date = before.date;
  if (entry.global_id.empty() && !before.global_id.empty()) {
    entry.global_id = before.global_id;
    entry.labels = before.labels;
  }
  if (before.first_seen) entry.first_seen = before.first_seen;
  if (entry.content == before.content && !entry.server_size) entry.server_size = before.server_size;
  entry.unknown = before.unknown;
}

// The next entry of the last snapshot, one page in memory.
class Before {
 public:
  Before(FolderPages* pages, const std::function<void(const Error&, std::uint64_t lost)>& missing)
      : pages_(pages), missing_(missing) {
    next_page();
  }

  const Entry* get() const { return at_ < entries_.size() ? &entries_[at_] : nullptr; }
  void next() {
    if (++at_ >= entries_.size()) next_page();
  }

 private:
  void next_page() {
    entries_.clear(), at_ = 0;
    while (pages_ != nullptr && entries_.empty() && page_ < pages_->pages().size()) {
      try {
        entries_ = pages_->page(page_);
      } catch (const Error& why) {
        missing_(why, pages_->pages()[page_].count);
      }
      ++page_;
    }
  }

  FolderPages* pages_;
  const std::function<void(const Error&, std::uint64_t)>& missing_;
  std::size_t page_ = 0, at_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace

PageBuilder FolderMerge::builder(const FolderRecord& record) const {
  return PageBuilder(tools_.work_folder,
                     {tools_.run.account, record.folder.wire_name, record.uidvalidity, numbering_of(record.uidvalidity)},
                     tools_.all_resolves ? nullptr : &tools_.index);
}

void FolderMerge::take(BuiltFolder built, FolderRecord& into) {
  into.shelves = std::move(built.shelves);
  into.count = built.count;
  into.bytes = built.bytes;
  into.absent = built.absent;
  into.folder.messages = into.count - into.absent;
  into.folder.bytes = into.bytes;
  unresolved_ += built.unresolved;
  if (built.unresolved > 0) {
    into.complete = false;
    into.folder.token.clear();
    tools_.note(fmt::format("{}: {} messages are in no pack any more; they are left out, and wanted again by the next backup",
                            name_for_people(into.folder), built.unresolved));
  }
}

std::optional<FolderRecord> FolderMerge::folder(FolderDraft& draft) {
  const auto* before = tools_.base.find(draft.folder.wire_name);
  if (before != nullptr && before->how == How::excluded) before = nullptr;
  if (draft.is_begun) return listed(draft, before);
  return unlisted(draft, before);
}

// Not opened in this run: unchanged, left out, not reached, or nothing to open.
FolderRecord FolderMerge::unlisted(const FolderDraft& draft, const FolderRecord* before) {
  const bool is_name_only = draft.is_selected && !draft.folder.selectable;
  if (before != nullptr && (!is_name_only || before->absent > 0)) return carried(draft.folder, *before, draft.is_repeated ? How::listed : How::carried);
  FolderRecord out;
  out.folder = draft.folder;
  out.folder.token.clear();
  out.folder.messages = out.folder.bytes = 0;
  out.how = How::excluded;
  if (draft.is_selected) {
    // a parent that holds no mail is listed by its name alone
    out.how = is_name_only ? How::listed : How::partial;
    out.complete = is_name_only;
  }
  return out;
}

FolderRecord FolderMerge::carried(const mail::Folder& folder, const FolderRecord& before, How how) {
  auto out = before;
  if (!tools_.all_resolves) out = rebuilt(before, [](const Entry&) { return true; });
  const auto token = out.folder.token;
  const auto messages = out.folder.messages, bytes = out.folder.bytes;
  out.folder = folder;
  out.folder.token = token;  // of the listing that these pages come from
  out.folder.messages = messages, out.folder.bytes = bytes;
  out.how = how;
  out.reached.clear();
  return out;
}

FolderRecord FolderMerge::rebuilt(const FolderRecord& before, const std::function<bool(const Entry&)>& stays) {
  auto out = before;
  FolderPages pages(tools_.index, before.shelves);
  auto build = builder(before);
  std::uint64_t seen = 0;
  pages.each(
      [&](const Entry& entry) {
        ++seen;
        if (stays(entry)) build.add(entry);
      },
      [&](const Error& why) { tools_.note(fmt::format("{}: {}", name_for_people(before.folder), why.what())); });
  auto built = build.finish(tools_.manifests, {});
  built.unresolved += before.count - std::min(before.count, seen);
  take(std::move(built), out);
  return out;
}

std::optional<FolderRecord> FolderMerge::vanished(const FolderRecord& before) {
  if (before.absent == 0) return std::nullopt;
  auto out = rebuilt(before, [](const Entry& entry) { return entry.presence != Presence::present; });
  out.how = How::carried;
  out.folder.token.clear();
  return out;
}

FolderRecord FolderMerge::listed(FolderDraft& draft, const FolderRecord* before) {
  FolderRecord out;
  out.folder = draft.folder;
  out.uidvalidity = draft.state.epoch;
  out.listed_at = draft.listed_at;
  out.suspicious = draft.end && draft.end->suspicious;
  const bool is_pop3 = out.uidvalidity == pop3_epoch;
  const bool same_epoch = before != nullptr && before->uidvalidity == out.uidvalidity;
  const auto reached = joined(draft.reached);
  const bool is_listed = draft.end && (draft.end->listed || (draft.end->problem.empty() && reaches_all(reached, draft.state)));
  out.how = is_listed ? How::listed : How::partial;
  if (!is_listed && !is_pop3) out.reached = reached;
  out.complete = draft.end && draft.end->listed;

  std::optional<FolderPages> pages;
  if (before != nullptr) pages.emplace(tools_.index, before->shelves);
  std::uint32_t next_ordinal = 0;
  if (is_pop3) next_ordinal = number_newcomers(draft, same_epoch ? &*pages : nullptr, same_epoch ? before->uidnext : 0);
  draft.entries.sort();
  std::sort(draft.wanted_again.begin(), draft.wanted_again.end());
  const auto& entries = draft.entries;

  auto build = builder(out);
  std::uint64_t lost = 0;
  const std::function<void(const Error&, std::uint64_t)> missing = [&](const Error& why, std::uint64_t count) {
    // of what is listed again in this run only details are lost; anything else is
    lost += is_listed ? 0 : count;
    tools_.note(fmt::format("{}: {}", name_for_people(draft.folder), why.what()));
  };
  // Whether an entry that this run has not listed stays.
  const auto stays = [&](Entry& entry) {
    if (entry.presence != Presence::present) return true;
    if (!same_epoch) return false;
    if (std::binary_search(draft.wanted_again.begin(), draft.wanted_again.end(), entry.number)) {
      return tools_.base.resolves(entry.content);
    }
    if (is_pop3) {
      if (is_listed) entry.presence = Presence::gone;
      return true;
    }
    return !is_listed && !contains(reached, entry.number);
  };

  // Those of another epoch that must be carried have numbers that are others' now: they follow behind all.
  std::vector<Entry> homeless;
  std::uint32_t highest = 0;
  Before old(pages ? &*pages : nullptr, missing);
  const auto add = [&](const Entry& entry) {
    highest = std::max(highest, entry.number);
    build.add(entry);
  };
  for (std::size_t i = 0; i < entries.size() || old.get() != nullptr;) {
    const auto* was = old.get();
    if (!same_epoch && was != nullptr) {
      auto entry = *was;
      if (stays(entry)) homeless.push_back(std::move(entry));
      old.next();
    } else if (was == nullptr || (i < entries.size() && entries.key(i) <= was->number)) {
      auto entry = entries.at(i++);
      if (was != nullptr && was->number == entry.number) {
        complete_from(entry, *was);
        old.next();
      }
      add(entry);
    } else {
      auto entry = *was;
      if (stays(entry)) add(entry);
      old.next();
    }
  }
  std::uint32_t place = last_number - static_cast<std::uint32_t>(homeless.size());
  for (auto& entry : homeless) {
    entry.number = ++place;
    if (entry.number > highest) build.add(entry);
  }

  std::set<codec::Digest> there;
  if (pages && tools_.all_resolves) {
    for (const auto& page : pages->pages()) there.insert(page.page);
    there.insert(before->shelves.begin(), before->shelves.end());
  }
  auto built = build.finish(tools_.manifests, there);
  built.unresolved += lost;
  take(std::move(built), out);

  // The cursor is the one read before the listing, and counts only if every message of it is in these pages.
  const bool all_in = out.complete && out.count - out.absent >= draft.state.exists;
  if (is_pop3) {
    out.uidnext = next_ordinal;
  } else if (out.complete) {
    out.uidnext = draft.state.next > 0 ? draft.state.next : std::max(highest, highest + 1);
    out.highestmodseq = all_in ? draft.state.highestmodseq : 0;
  } else if (same_epoch) {
    out.uidnext = before->uidnext;
  }
  if (!all_in) out.folder.token.clear();
  return out;
}

}  // namespace postferry::archive
