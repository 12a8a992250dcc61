#include "folder_pages.h"

#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

#include "entry_line.h"

namespace postferry::archive {
namespace {

constexpr std::size_t kept_pages = 4;

Error damaged(const char* what, const codec::Digest& hash) {
  return Error(Cause::damaged, Blast::message, Retry::never, fmt::format("{} {}: it cannot be read as one", what, to_hex(hash)));
}

std::uint64_t end_of(const PageRef& page) { return std::uint64_t{page.from} + (std::uint64_t{1} << page.bits); }

}  // namespace

FolderPages::FolderPages(PackIndex& index, std::span<const codec::Digest> shelves)
    : index_(index), shelves_(shelves.begin(), shelves.end()) {}

void FolderPages::read_shelves(const Missing& missing) {
  if (pages_) return;
  std::vector<PageRef> all;
  for (const auto& shelf : shelves_) {
    try {
      const auto pages = read_shelf(index_.bytes(shelf));
      if (!pages) throw damaged("shelf", shelf);
      all.insert(all.end(), pages->begin(), pages->end());
    } catch (const Error& why) {
      if (missing) missing(why);
    }
  }
  pages_ = std::move(all);
}

const std::vector<PageRef>& FolderPages::pages() {
  read_shelves({});
  return *pages_;
}

std::vector<Entry> FolderPages::read_page(const codec::Digest& hash) {
  const auto text = index_.bytes(hash);
  std::vector<Entry> out;
  for_each_line(text, [&](std::string_view line) {
    auto entry = read_entry_line(line);
    if (!entry) throw damaged("page", hash);
    out.push_back(std::move(*entry));
  });
  return out;
}

std::vector<Entry> FolderPages::page(std::size_t i) { return read_page(pages().at(i).page); }

void FolderPages::each(const std::function<void(const Entry&)>& found, const Missing& missing) {
  read_shelves(missing);
  for (const auto& ref : *pages_) {
    std::vector<Entry> entries;
    try {
      entries = read_page(ref.page);
    } catch (const Error& why) {
      if (missing) missing(why);
    }
    for (const auto& entry : entries) found(entry);
  }
}

const Entry* FolderPages::find(std::uint32_t number) {
  const auto& refs = pages();
  const auto after = std::upper_bound(refs.begin(), refs.end(), number,
                                      [](std::uint32_t n, const PageRef& page) { return n < page.from; });
  if (after == refs.begin() || number >= end_of(*std::prev(after))) return nullptr;
  const auto page = static_cast<std::size_t>(after - refs.begin() - 1);
  auto kept = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.page == page; });
  if (kept == kept_.end()) {
    std::vector<Entry> entries;
    try {
      entries = read_page(refs[page].page);
    } catch (const Error&) {
      // what cannot be read is not held; the run's own check tells of the damage
    }
    kept_.push_front({page, std::move(entries)});
    if (kept_.size() > kept_pages) kept_.pop_back();
    kept = kept_.begin();
  }
  const auto& entries = kept->entries;
  const auto at = std::lower_bound(entries.begin(), entries.end(), number,
                                   [](const Entry& entry, std::uint32_t n) { return entry.number < n; });
  return at != entries.end() && at->number == number ? &*at : nullptr;
}

FolderPages::Cursor::Cursor(FolderPages& pages, mail::Span span)
    : pages_(pages), asked_(std::max(span.first, 1U) - 1) {
  const auto& refs = pages_.pages();
  while (page_ < refs.size() && end_of(refs[page_]) <= span.first) ++page_;
}

void FolderPages::Cursor::open() {
  if (is_open_) return;
  entries_.clear(), at_ = 0, is_open_ = true;
  try {
    entries_ = pages_.page(page_);
  } catch (const Error&) {
    // as in find()
  }
}

void FolderPages::Cursor::pass(std::uint64_t before, const Passed& passed) {
  const auto& refs = pages_.pages();
  while (page_ < refs.size() && refs[page_].from < before) {
    open();
    for (; at_ < entries_.size() && entries_[at_].number < before; ++at_) {
      if (entries_[at_].number > asked_) passed(entries_[at_].number);
    }
    if (end_of(refs[page_]) > before) return;
    ++page_, is_open_ = false;
  }
}

const Entry* FolderPages::Cursor::seek(std::uint32_t number, const Passed& passed) {
  const auto& refs = pages_.pages();
  if (passed) pass(number, passed);
  asked_ = number;
  while (page_ < refs.size() && end_of(refs[page_]) <= number) ++page_, is_open_ = false;
  if (page_ == refs.size() || number < refs[page_].from) return nullptr;
  open();
  while (at_ < entries_.size() && entries_[at_].number < number) ++at_;
  return at_ < entries_.size() && entries_[at_].number == number ? &entries_[at_] : nullptr;
}

void FolderPages::Cursor::pass_rest(std::uint32_t last, const Passed& passed) {
  pass(std::uint64_t{last} + 1, passed);
}

}  // namespace postferry::archive
