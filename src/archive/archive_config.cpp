#include "archive_config.h"

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/json.h>

#include "pack_name.h"
#include "rfc3339.h"
#include "snapshot_file.h"

namespace postferry::archive {

using codec::Json;

std::string write_config(const ArchiveConfig& config) {
  auto json = Json::object();
  json.add("format", format_version).add("archive", config.id).add("created", rfc3339_utc(config.created));
  json.add("codec", config.codec == codec::Codec::gzip ? "gzip" : "zstd");
  json.add("recipients", Json::array()).add("requires", Json::array());
  return json.dump() + '\n';
}

ArchiveConfig read_config(const std::string& bytes, const std::string& where) {
  const auto damaged = [&](const std::string& what) {
    return Error(Cause::damaged, Blast::run, Retry::never, fmt::format("{}: {}", where, what));
  };
  const auto json = codec::parse_json(bytes);
  if (!json || !json->is_object()) throw damaged("it is not JSON");
  const auto format = json->natural("format");
  if (format == 0) throw damaged("it names no format");
  if (format > format_version) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("{}: format {} is newer than this version of postferry can read ({})", where, format,
                            format_version));
  }
  ArchiveConfig out;
  out.id = json->text("archive");
  if (out.id.empty()) throw damaged("it names no archive id");
  const auto codec = json->text("codec", "zstd");
  if (codec != "zstd" && codec != "gzip") throw damaged(fmt::format("\"{}\" is no codec", printable(codec, 40)));
  out.codec = codec == "gzip" ? codec::Codec::gzip : codec::Codec::zstd;
  out.created = read_utc(json->text("created")).value_or(std::chrono::sys_seconds{});
  const auto* needs = json->find("requires");
  if (needs != nullptr && needs->items() != nullptr) {
    for (const auto& word : *needs->items()) out.unknown_requires.push_back(word.is_string() ? *word.string() : word.dump());
  }
  return out;
}

}  // namespace postferry::archive
