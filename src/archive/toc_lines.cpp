#include "toc_lines.h"

#include <array>
#include <charconv>

#include <postferry/base/bytes.h>
#include <postferry/codec/json.h>

#include "json_cursor.h"
#include "pack_name.h"

namespace postferry::archive {
namespace {

constexpr std::string_view version = "1:";  // of canonical, key and merge

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_hex(std::string& out, Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const auto byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    out += digits[value >> 4U];
    out += digits[value & 15U];
  }
}

void append_digest(std::string& out, std::string_view key, std::string_view prefix, Bytes digest) {
  out.append(",\"").append(key).append("\":\"").append(prefix);
  append_hex(out, digest);
  out += '"';
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  codec::append_json_string(out, text);
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view hex, std::span<std::byte> into) {
  if (hex.size() != 2 * into.size()) return false;
  for (std::size_t i = 0; i < into.size(); ++i) {
    const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    into[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

// "1:<hex>". One of a newer version is as good as absent: false, and the line is still good.
bool read_versioned(std::string_view text, std::span<std::byte> into) {
  return text.starts_with(version) && read_hex(text.substr(version.size()), into);
}

// What a line can hold, whatever its kind.
struct Members {
  TocEntry entry;
  TocFrame frame;
  TocHead head;
  bool has_pack = false, has_frame = false, has_name = false, has_canonical = false, has_merge = false,
       good = true;

  void text(std::string_view key, std::string_view value) {
    if (key == "name")
      entry.name = value, has_name = true;
    else if (key == "canonical")
      has_canonical = read_versioned(value, entry.canonical.digest);
    else if (key == "merge")
      has_merge = read_versioned(value, entry.merge.digest);
    else if (key == "key") {
      if (!read_versioned(value, entry.key.emplace().digest)) entry.key.reset();
    } else if (key == "header")
      good = good && read_hex(value, entry.header.digest);
    else if (key == "date")
      entry.headline.date = value;
    else if (key == "from")
      entry.headline.from = value;
    else if (key == "subject")
      entry.headline.subject = value;
    else if (key == "time")
      head.time = value;
    else if (key == "codec")
      head.codec = value;
  }

  void number(std::string_view key, std::uint64_t value) {
    if (key == "at")
      entry.at = value;
    else if (key == "size")
      entry.size = value;
    else if (key == "frame")
      frame.offset = value, has_frame = true;
    else if (key == "len")
      frame.length = value;
    else if (key == "raw")
      frame.raw = value;
    else if (key == "pack")
      head.version = value, has_pack = true;
  }

  TocLine finish() {
    if (!good) return {};
    if (has_pack) return head;
    if (has_frame) return frame;
    if (!has_name) return {};
    entry.hash = hash_in_name(entry.name);
    if (entry.is_mail()) {
      if (!has_canonical) entry.canonical.digest = entry.hash;
      if (!has_merge) entry.merge.digest = entry.canonical.digest;
    }
    return std::move(entry);
  }
};

TocLine read_any(std::string_view line) {
  const auto json = codec::parse_json(line);
  if (!json || !json->is_object()) return {};
  Members found;
  for (const auto& [key, value] : *json->members()) {
    if (const auto* text = value.string())
      found.text(key, *text);
    else if (const auto number = value.natural())
      found.number(key, *number);
  }
  return found.finish();
}

}  // namespace

void append_toc_head(std::string& out, std::chrono::sys_seconds time, codec::Codec codec) {
  out.append("{\"pack\":1,\"time\":\"").append(rfc3339_utc(time)).append("\",\"codec\":\"");
  out.append(codec == codec::Codec::zstd ? "zstd" : "gzip").append("\"}\n");
}

void append_toc_frame(std::string& out, const TocFrame& frame) {
  out += "{\"frame\":";
  append_number(out, frame.offset);
  out += ",\"len\":";
  append_number(out, frame.length);
  out += ",\"raw\":";
  append_number(out, frame.raw);
  out += "}\n";
}

void append_toc_entry(std::string& out, const TocEntry& entry) {
  out += "{\"name\":";
  codec::append_json_string(out, entry.name);
  out += ",\"at\":";
  append_number(out, entry.at);
  out += ",\"size\":";
  append_number(out, entry.size);
  if (entry.is_mail()) {
    if (entry.canonical.digest != entry.hash)
      append_digest(out, "canonical", version, entry.canonical.digest);
    if (entry.key) append_digest(out, "key", version, entry.key->digest);
    if (entry.merge.digest != entry.canonical.digest)
      append_digest(out, "merge", version, entry.merge.digest);
    append_digest(out, "header", {}, entry.header.digest);
    append_text(out, "date", entry.headline.date);
    append_text(out, "from", entry.headline.from);
    append_text(out, "subject", entry.headline.subject);
  }
  out += "}\n";
}

TocLine read_toc_line(std::string_view line) {
  Members found;
  const bool plain = JsonCursor(line).flat_object(
      [&](auto key, auto value) { return found.text(key, value), true; },
      [&](auto key, auto value) { return found.number(key, value), true; }, [](auto, auto) { return false; });
  return plain ? found.finish() : read_any(line);
}

}  // namespace postferry::archive
