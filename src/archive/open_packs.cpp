#include "open_packs.h"

#include <algorithm>
#include <variant>

#include "toc_lines.h"

namespace postferry::archive {
namespace {

constexpr std::size_t most_open = 16;
constexpr std::size_t most_table_bytes = 20U << 20U;  // one table of a full pack of small messages; never fewer than one table

}  // namespace

PackTable::PackTable(const PackReader& reader) {
  reader.each([this](const TocEntry& entry) {
    rows_.push_back({prefix_of(entry.hash), entry.frame, lines_.size()});
    append_toc_entry(lines_, entry);
  });
  std::sort(rows_.begin(), rows_.end());
}

std::optional<TocEntry> PackTable::find(const codec::Digest& hash) const {
  const Row wanted{prefix_of(hash)};
  const auto row = std::lower_bound(rows_.begin(), rows_.end(), wanted);
  if (row == rows_.end() || row->prefix != wanted.prefix) return std::nullopt;
  const auto rest = std::string_view(lines_).substr(row->line);
  auto line = read_toc_line(rest.substr(0, rest.find('\n')));
  auto* entry = std::get_if<TocEntry>(&line);
  if (entry == nullptr) return std::nullopt;
  entry->frame = row->frame;
  return std::move(*entry);
}

std::size_t PackTable::bytes() const { return rows_.capacity() * sizeof(Row) + lines_.capacity(); }

PackReader& OpenPacks::reader(const std::string& pack) { return *get(pack).reader; }

std::optional<TocEntry> OpenPacks::find(const std::string& pack, const codec::Digest& hash) {
  auto& open = get(pack);
  if (!open.table) {
    open.table.emplace(*open.reader);
    make_room();
  }
  return open.table->find(hash);
}

OpenPacks::Open& OpenPacks::get(const std::string& pack) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.reader->name() == pack; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
  } else {
    // what is wrong with it was told when it was loaded
    open_.push_front({std::make_unique<PackReader>(store_, pack, [](const Error&) {}), std::nullopt});
    make_room();
  }
  return open_.front();
}

void OpenPacks::make_room() {
  std::size_t bytes = 0;
  for (const auto& one : open_) bytes += one.table ? one.table->bytes() : 0;
  while (open_.size() > 1 && (open_.size() > most_open || bytes > most_table_bytes)) {
    if (open_.back().table) bytes -= open_.back().table->bytes();
    open_.pop_back();
  }
}

}  // namespace postferry::archive
