#include <postferry/base/bytes.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>
#include <postferry/codec/utf7.h>

#include "pack_name.h"
#include "snapshot_file.h"
#include "snapshot_words.h"

namespace postferry::archive {
namespace {

using codec::Json;

Json texts(const std::vector<std::string>& all) {
  auto out = Json::array();
  for (const auto& one : all) out.add(Json(one));
  return out;
}

Json spans(const std::vector<mail::Span>& all) {
  auto out = Json::array();
  for (const auto& span : all) {
    auto pair = Json::array();
    pair.add(Json(span.first)).add(Json(span.last));
    out.add(std::move(pair));
  }
  return out;
}

Json digests(const std::vector<codec::Digest>& all) {
  auto out = Json::array();
  for (const auto& one : all) out.add(Json(to_hex(one)));
  return out;
}

void add_text(Json& to, const std::string& key, const std::string& text) {
  if (is_utf8(text)) {
    to.add(key, text);
  } else {
    to.add(key + "_b64", codec::base64(as_bytes(text)));
  }
}

// A number where it is one, as UIDVALIDITY is; else a text ("pop3").
Json epoch_json(const std::string& epoch) {
  if (const auto number = parse_number(epoch)) return Json(*number);
  return Json(epoch);
}

Json folder_json(const FolderRecord& record) {
  const auto& folder = record.folder;
  auto out = Json::object();
  out.add("path", texts(folder.path));
  if (usual_wire_name(folder) != folder.wire_name) out.add("wire", codec::base64(as_bytes(folder.wire_name)));
  if (folder.role != mail::Role::none) out.add("role", word_of(folder.role));
  out.add("selectable", folder.selectable).add("subscribed", folder.subscribed);
  if (folder.delimiter != 0) out.add("delimiter", std::string(1, folder.delimiter));
  if (!record.uidvalidity.empty()) out.add("uidvalidity", epoch_json(record.uidvalidity));
  out.add("uidnext", record.uidnext).add("highestmodseq", record.highestmodseq);
  add_text(out, "token", folder.token);
  if (record.listed_at != std::chrono::sys_seconds{}) out.add("listed_at", rfc3339_utc(record.listed_at));
  out.add("how", word_of(record.how));
  if (!record.reached.empty()) out.add("reached", spans(record.reached));
  out.add("complete", record.complete).add("suspicious", record.suspicious);
  out.add("count", record.count).add("bytes", record.bytes);
  if (record.absent > 0) out.add("absent", record.absent);
  out.add("shelves", digests(record.shelves));
  return out;
}

Json balance_json(const mail::Balance& balance) {
  auto out = Json::object();
  out.add("listed", balance.listed).add("stored", balance.stored).add("held", balance.held);
  out.add("skipped", balance.skipped).add("failed", balance.failed);
  return out;
}

Json failure_json(const mail::Failure& failure) {
  auto out = Json::object();
  add_text(out, "folder", failure.folder);
  if (failure.wire_name != failure.folder) out.add("wire", codec::base64(as_bytes(failure.wire_name)));
  if (!failure.ref.epoch.empty()) out.add("uidvalidity", epoch_json(failure.ref.epoch)).add("uid", failure.ref.number);
  if (!failure.ref.uidl.empty()) add_text(out, "uidl", failure.ref.uidl);
  out.add("date", failure.headline.date).add("from", failure.headline.from).add("subject", failure.headline.subject);
  add_text(out, "reason", failure.reason);
  return out;
}

Json packs_json(const PackList& packs) {
  auto out = Json::object();
  out.add("count", packs.count).add("digest", to_hex(packs.digest)).add("embedded", packs.is_embedded);
  return out;
}

// {"a":1,"b":2 without its closing brace
std::string open_object(const Json& object) {
  auto out = object.dump();
  out.pop_back();
  return out;
}

template <class All, class ToJson>
void append_lines(std::string& out, std::string_view key, const All& all, const ToJson& to_json) {
  out.append(",\"").append(key).append("\":[");
  bool first = true;
  for (const auto& one : all) {
    out += first ? "\n" : ",\n";
    first = false;
    to_json(one).dump_to(out);
  }
  out += "]";
}

}  // namespace

std::string_view word_of(How how) { return word_in(how_words, how); }
std::string_view word_of(mail::Role role) { return word_in(role_words, role); }

std::string usual_wire_name(const mail::Folder& folder) {
  std::string out;
  for (const auto& word : folder.path) {
    if (!out.empty() && folder.delimiter != 0) out += folder.delimiter;
    out += word;
  }
  return codec::to_modified_utf7(out);
}

std::string write_snapshot(const Snapshot& snapshot, const std::string& archive_id) {
  auto head = Json::object();
  head.add("format", format_version).add("archive", archive_id).add("account", snapshot.account);
  head.add("nickname", snapshot.nickname).add("endpoint", snapshot.endpoint).add("selection", texts(snapshot.selection));
  head.add("seq", snapshot.seq).add("previous", snapshot.previous);
  head.add("start", rfc3339_utc(snapshot.start)).add("end", rfc3339_utc(snapshot.end)).add("tool", snapshot.tool);
  head.add("complete", snapshot.complete);
  if (snapshot.packs) head.add("packs", packs_json(*snapshot.packs));
  auto out = open_object(head);
  append_lines(out, "folders", snapshot.folders, folder_json);
  out += ",\n\"balance\":";
  balance_json(snapshot.balance).dump_to(out);
  append_lines(out, "failures", snapshot.failures, failure_json);
  if (snapshot.more_failures > 0) out += ",\"more_failures\":" + std::to_string(snapshot.more_failures);
  return out + "}\n";
}

}  // namespace postferry::archive
