#include "small_blob.h"

#include <fmt/format.h>
#include <postferry/base/error.h>

#include <postferry/codec/json.h>

#include "tombstones.h"

namespace postferry::archive {
namespace {

constexpr std::uint64_t most_bytes = 64U << 20U;

}  // namespace

std::string read_blob(const BlobStore& store, const StoreName& name) {
  const auto size = store.size(name);
  if (size > most_bytes) {
    throw Error(Cause::damaged, Blast::message, Retry::never,
                fmt::format("{}/{}: {} bytes are too many for a file of its kind", store.where(), name.name, size));
  }
  std::string out(size, '\0');
  store.get(name, 0, std::as_writable_bytes(std::span(out.data(), out.size())));
  return out;
}

void write_blob(BlobStore& store, const StoreName& name, const std::string& part, std::string_view bytes) {
  const auto writer = store.create(name.kind, part);
  writer->append(as_bytes(bytes));
  writer->publish(name);
}

std::set<std::string> entombed_packs(const BlobStore& store) {
  std::set<std::string> out;
  store.list(Kind::tombstone, [&](const std::string& name, std::uint64_t) {
    const auto json = codec::parse_json(read_blob(store, {Kind::tombstone, name}));
    const auto* packs = json ? json->find("packs") : nullptr;
    const auto* items = packs != nullptr ? packs->items() : nullptr;
    if (items == nullptr) {
      throw Error(Cause::damaged, Blast::run, Retry::never, fmt::format("{}/{}: no tombstone", store.where(), name));
    }
    for (const auto& item : *items) {
      if (const auto* text = item.string()) out.insert(*text);
    }
  });
  return out;
}

}  // namespace postferry::archive
