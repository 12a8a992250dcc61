#include <algorithm>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>

#include "rfc3339.h"
#include "snapshot_file.h"
#include "snapshot_words.h"

namespace postferry::archive {
namespace {

using codec::Json;

// What is missing or of another kind than it should be makes the file damaged: a snapshot is believed whole or not at all.
class SnapshotFileReader {
 public:
  explicit SnapshotFileReader(const std::string& where) : where_(where) {}

  Snapshot read(std::string_view bytes) {
    const auto json = codec::parse_json(bytes);
    if (!json || !json->is_object()) fail("it is not JSON");
    check_format(*json);
    Snapshot out;
    out.id = to_hex(codec::Sha256::of(as_bytes(bytes)));
    out.account = required(*json, "account");
    out.nickname = json->text("nickname");
    out.endpoint = json->text("endpoint");
    out.selection = texts(*json, "selection");
    out.seq = json->natural("seq");
    if (out.seq == 0) fail("it has no seq");
    out.previous = json->text("previous");
    out.start = time(*json, "start");
    out.end = time(*json, "end");
    out.tool = json->text("tool");
    out.complete = json->flag("complete");
    read_packs(*json, out);
    for (const auto& folder : items(*json, "folders")) out.folders.push_back(read_folder(folder));
    read_balance(*json, out.balance);
    if (json->find("failures") != nullptr) {
      for (const auto& failure : items(*json, "failures")) out.failures.push_back(read_failure(failure));
    }
    out.more_failures = json->natural("more_failures");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Cause::damaged, Blast::run, Retry::never, fmt::format("{}: the snapshot cannot be read: {}", where_, what));
  }

  void check_format(const Json& json) const {
    const auto format = json.natural("format");
    if (format == 0) fail("it names no format");
    if (format > format_version) {
      throw Error(Cause::config, Blast::run, Retry::never,
                  fmt::format("{}: format {} is newer than this version of postferry can read ({})", where_, format,
                              format_version));
    }
  }

  std::string required(const Json& json, std::string_view key) const {
    const auto* found = json.find(key);
    if (found == nullptr || !found->is_string()) fail(fmt::format("\"{}\" is missing", key));
    return *found->string();
  }

  const Json::Array& items(const Json& json, std::string_view key) const {
    const auto* found = json.find(key);
    const auto* array = found != nullptr ? found->items() : nullptr;
    if (array == nullptr) fail(fmt::format("\"{}\" is missing", key));
    return *array;
  }

  std::vector<std::string> texts(const Json& json, std::string_view key) const {
    std::vector<std::string> out;
    for (const auto& item : items(json, key)) {
      if (!item.is_string()) fail(fmt::format("\"{}\" holds something else than texts", key));
      out.push_back(*item.string());
    }
    return out;
  }

  std::string text(const Json& json, const std::string& key) const {
    const auto* encoded = json.find(key + "_b64");
    return encoded == nullptr ? json.text(key) : from_base64(*encoded);
  }

  std::string from_base64(const Json& json) const {
    const auto bytes = json.is_string() ? codec::unbase64(*json.string()) : std::nullopt;
    if (!bytes) fail("bad base64");
    return *bytes;
  }

  std::chrono::sys_seconds time(const Json& json, std::string_view key) const {
    const auto found = read_utc(json.text(key));
    if (!found) fail(fmt::format("\"{}\" is no time", key));
    return *found;
  }

  codec::Digest digest(const Json& json) const {
    const auto bytes = json.is_string() ? from_hex(*json.string()) : std::nullopt;
    codec::Digest out{};
    if (!bytes || bytes->size() != out.size()) fail("bad hash");
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
  }

  static std::string epoch(const Json& json) {
    const auto* found = json.find("uidvalidity");
    if (found == nullptr) return {};
    if (found->is_string()) return *found->string();
    const auto number = found->natural();
    return number ? std::to_string(*number) : std::string{};
  }

  static std::uint32_t narrow(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xFFFFFFFF));
  }

  void read_packs(const Json& json, Snapshot& out) const {
    const auto* packs = json.find("packs");
    const auto* hash = packs != nullptr && packs->is_object() ? packs->find("digest") : nullptr;
    if (hash == nullptr) return;
    out.packs = PackList{packs->natural("count"), digest(*hash), packs->flag("embedded")};
  }

  FolderRecord read_folder(const Json& json) const {
    if (!json.is_object()) fail("a folder is no object");
    FolderRecord out;
    auto& folder = out.folder;
    folder.path = texts(json, "path");
    if (const auto delimiter = json.text("delimiter"); !delimiter.empty()) folder.delimiter = delimiter.front();
    const auto* wire = json.find("wire");
    folder.wire_name = wire != nullptr ? from_base64(*wire) : usual_wire_name(folder);
    folder.role = value_in(role_words, json.text("role")).value_or(mail::Role::none);
    folder.selectable = json.flag("selectable", true);
    folder.subscribed = json.flag("subscribed");
    folder.token = text(json, "token");
    out.uidvalidity = epoch(json);
    out.uidnext = narrow(json.natural("uidnext"));
    out.highestmodseq = json.natural("highestmodseq");
    if (json.find("listed_at") != nullptr) out.listed_at = time(json, "listed_at");
    const auto how = value_in(how_words, json.text("how"));
    if (!how) fail("a folder does not say how it got there");
    out.how = *how;
    if (json.find("reached") != nullptr) out.reached = read_spans(json);
    out.complete = json.flag("complete");
    out.suspicious = json.flag("suspicious");
    out.count = folder.messages = json.natural("count");
    out.bytes = folder.bytes = json.natural("bytes");
    out.absent = json.natural("absent");
    for (const auto& shelf : items(json, "shelves")) out.shelves.push_back(digest(shelf));
    return out;
  }

  std::vector<mail::Span> read_spans(const Json& json) const {
    std::vector<mail::Span> out;
    for (const auto& item : items(json, "reached")) {
      const auto* pair = item.items();
      if (pair == nullptr || pair->size() != 2) fail("bad range");
      out.push_back({narrow((*pair)[0].natural().value_or(0)), narrow((*pair)[1].natural().value_or(0))});
    }
    return out;
  }

  static void read_balance(const Json& json, mail::Balance& out) {
    const auto* found = json.find("balance");
    if (found == nullptr) return;
    out = {found->natural("listed"), found->natural("stored"), found->natural("held"), found->natural("skipped"),
           found->natural("failed")};
  }

  mail::Failure read_failure(const Json& json) const {
    mail::Failure out;
    out.folder = text(json, "folder");
    const auto* wire = json.find("wire");
    out.wire_name = wire != nullptr ? from_base64(*wire) : out.folder;
    out.ref.epoch = epoch(json);
    out.ref.number = narrow(json.natural("uid"));
    out.ref.uidl = text(json, "uidl");
    out.headline = {json.text("date"), json.text("from"), json.text("subject")};
    out.reason = text(json, "reason");
    return out;
  }

  const std::string& where_;
};

}  // namespace

Snapshot read_snapshot(std::string_view bytes, const std::string& where) { return SnapshotFileReader(where).read(bytes); }

}  // namespace postferry::archive
