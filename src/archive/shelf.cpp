#include "shelf.h"

#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>

#include "aligned_ranges.h"
#include "entry_line.h"

namespace postferry::archive {
namespace {

std::optional<PageRef> read_page_ref(std::string_view line) {
  const auto json = codec::parse_json(line);
  if (!json || !json->is_object()) return std::nullopt;
  const auto bytes = from_hex(json->text("page"));
  PageRef out;
  if (!bytes || bytes->size() != out.page.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.page.begin());
  const auto from = json->natural("from"), bits = json->natural("bits"), count = json->natural("count");
  if (from > 0xFFFFFFFF || bits > 32 || count > 0xFFFFFFFF) return std::nullopt;
  out.from = static_cast<std::uint32_t>(from);
  out.bits = static_cast<unsigned>(bits);
  out.count = static_cast<std::uint32_t>(count);
  return out;
}

}  // namespace

std::string write_shelf(const mail::AccountId& account, std::string_view wire_name, std::string_view epoch,
                        std::span<const PageRef> pages) {
  auto head = codec::Json::object();
  head.add("account", account);
  if (is_utf8(wire_name)) {
    head.add("folder", wire_name);
  } else {
    head.add("folder_b64", codec::base64(as_bytes(wire_name)));
  }
  if (const auto number = parse_number(epoch)) {
    head.add("uidvalidity", *number);
  } else {
    head.add("uidvalidity", epoch);
  }
  std::string out = head.dump() + '\n';
  for (const auto& page : pages) {
    fmt::format_to(std::back_inserter(out), "{{\"from\":{},\"bits\":{},\"count\":{},\"page\":\"{}\"}}\n", page.from, page.bits,
                   page.count, to_hex(page.page));
  }
  return out;
}

std::optional<std::vector<PageRef>> read_shelf(std::string_view bytes) {
  std::vector<PageRef> out;
  bool head = true, good = true;
  for_each_line(bytes, [&](std::string_view line) {
    if (head) {
      const auto json = codec::parse_json(line);
      good = json && json->is_object() && json->find("account") != nullptr;
      head = false;
    } else if (const auto page = read_page_ref(line)) {
      out.push_back(*page);
    } else {
      good = false;
    }
  });
  if (!good || head) return std::nullopt;
  return out;
}

std::vector<std::size_t> cut_shelves(std::span<const PageRef> pages) {
  std::vector<std::uint32_t> begins;
  begins.reserve(pages.size());
  for (const auto& page : pages) begins.push_back(page.from);
  std::vector<std::size_t> out;
  for (const auto& range : aligned_ranges(begins, shelf_pages)) out.push_back(range.count);
  return out;
}

std::string page_entry_name(const codec::Digest& page) { return "manifest/" + to_hex(page) + ".jsonl"; }
std::string shelf_entry_name(const codec::Digest& shelf) { return "manifest/" + to_hex(shelf) + ".shelf.jsonl"; }

}  // namespace postferry::archive
