#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/codec/sha256.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// A page as a shelf names it: the entries with numbers in [from, from + 2^bits).
struct PageRef {
  std::uint32_t from = 0;
  unsigned bits = 0;
  std::uint32_t count = 0;
  codec::Digest page{};
};

// A shelf's bytes (FORMAT.md, Shelf).
std::string write_shelf(const mail::AccountId& account, std::string_view wire_name, std::string_view epoch,
                        std::span<const PageRef> pages);
// Nothing if it is no shelf.
std::optional<std::vector<PageRef>> read_shelf(std::string_view bytes);

// How many of `pages`, in order, go onto each shelf: at most 32, cut by the same rule as pages are.
std::vector<std::size_t> cut_shelves(std::span<const PageRef> pages);

// "manifest/<hash>.jsonl" and "manifest/<hash>.shelf.jsonl"
std::string page_entry_name(const codec::Digest& page);
std::string shelf_entry_name(const codec::Digest& shelf);

}  // namespace postferry::archive
