#include "entry_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>

#include "json_cursor.h"
#include "pack_name.h"
#include "rfc3339.h"

namespace postferry::archive {
namespace {

// In the order in which a page lists them (sorted).
struct FlagWord {
  std::string_view word;
  bool mail::Flags::*member;
};
constexpr std::array<FlagWord, 5> flag_words{{{"\\Answered", &mail::Flags::answered},
                                              {"\\Deleted", &mail::Flags::deleted},
                                              {"\\Draft", &mail::Flags::draft},
                                              {"\\Flagged", &mail::Flags::flagged},
                                              {"\\Seen", &mail::Flags::seen}}};

class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) { out_ += '{'; }
  void finish() { out_ += "}\n"; }

  void number(std::string_view name, std::uint64_t value) {
    key(name);
    std::array<char, 20> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (is_utf8(value)) {
      key(name);
      codec::append_json_string(out_, value);
    } else {
      key(name, "_b64");
      codec::append_json_string(out_, codec::base64(as_bytes(value)));
    }
  }

  // What needs no escape.
  void plain(std::string_view name, std::string_view value) {
    key(name);
    out_.append("\"").append(value).append("\"");
  }

  template <class Texts>
  void texts(std::string_view name, const Texts& all) {
    bool first = true, others = false;
    for (const auto& one : all) {
      if (!is_utf8(one)) {
        others = true;
        continue;
      }
      if (first) key(name), out_ += '[';
      if (!first) out_ += ',';
      first = false;
      codec::append_json_string(out_, one);
    }
    if (!first) out_ += ']';
    if (others) texts_as_base64(name, all);
  }

  void members(std::string_view as_they_are) {
    if (!as_they_are.empty()) separate(), out_ += as_they_are;
  }

  void key(std::string_view name, std::string_view ending = {}) {
    separate();
    out_.append("\"").append(name).append(ending).append("\":");
  }

  std::string& out() { return out_; }

 private:
  void separate() {
    if (out_.back() != '{') out_ += ',';
  }

  template <class Texts>
  void texts_as_base64(std::string_view name, const Texts& all) {
    key(name, "_b64");
    out_ += '[';
    bool first = true;
    for (const auto& one : all) {
      if (is_utf8(one)) continue;
      if (!first) out_ += ',';
      first = false;
      codec::append_json_string(out_, codec::base64(as_bytes(one)));
    }
    out_ += ']';
  }

  std::string& out_;
};

void write_flags(LineWriter& line, const mail::Flags& flags) {
  bool first = true;
  for (const auto& [word, member] : flag_words) {
    if (!(flags.*member)) continue;
    if (first) line.key("flags"), line.out() += '[';
    if (!first) line.out() += ',';
    first = false;
    line.out().append("\"\\").append(word).append("\"");  // the word begins with the one backslash to be escaped
  }
  if (!first) line.out() += ']';
  line.texts("keywords", flags.keywords);
}

void append_content(LineWriter& line, const mail::ContentId& content) {
  constexpr std::string_view digits = "0123456789abcdef";
  line.key("content");
  auto& out = line.out();
  out += '"';
  for (const auto byte : content.digest) {
    const auto value = std::to_integer<unsigned>(byte);
    out += digits[value >> 4U];
    out += digits[value & 15U];
  }
  out += '"';
}

// Takes a line's members as they come by.
class EntryReader {
 public:
  bool number(std::string_view key, std::uint64_t value) {
    if (key == "uid" || key == "n") {
      if (value > 0xFFFFFFFF) return false;
      entry_.number = static_cast<std::uint32_t>(value);
      has_number_ = true;
      return true;
    }
    if (key == "size") return entry_.size = value, true;
    if (key == "server_size") return entry_.server_size = value, true;
    return false;
  }

  bool text(std::string_view key, std::string_view value) {
    if (key == "content") return has_content_ = read_hex(value, entry_.content.digest);
    if (key == "date") return bool(entry_.date = read_rfc3339(value));
    if (key == "gid") return entry_.global_id = value, true;
    if (key == "uidl") return entry_.uidl = value, true;
    if (key == "first_seen") return bool(entry_.first_seen = read_utc(value));
    if (key == "state" && value == "released") return entry_.presence = Presence::released, true;
    if (key == "state" && value == "gone") return entry_.presence = Presence::gone, true;
    if (key == "evidence" && value == "header") return entry_.header_evidence = true;
    if (key == "gid_b64") return from_base64(value, entry_.global_id);
    if (key == "uidl_b64") return from_base64(value, entry_.uidl);
    return false;
  }

  bool item(std::string_view key, std::string_view value) {
    if (key == "flags") {
      const auto found = std::find_if(flag_words.begin(), flag_words.end(), [&](const auto& f) { return f.word == value; });
      if (found == flag_words.end()) return false;
      return entry_.flags.*(found->member) = true;
    }
    if (key == "keywords") return entry_.flags.keywords.emplace(value), true;
    if (key == "labels") return entry_.labels.emplace_back(value), true;
    std::string bytes;
    if (key == "keywords_b64" && from_base64(value, bytes)) return entry_.flags.keywords.insert(bytes), true;
    if (key == "labels_b64" && from_base64(value, bytes)) return entry_.labels.push_back(bytes), true;
    return false;
  }

  void unknown(std::string_view key, const codec::Json& value) {
    if (!entry_.unknown.empty()) entry_.unknown += ',';
    codec::append_json_string(entry_.unknown, key);
    entry_.unknown += ':';
    value.dump_to(entry_.unknown);
  }

  std::optional<Entry> finish() {
    if (!has_number_ || !has_content_) return std::nullopt;
    return std::move(entry_);
  }

 private:
  static int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  static bool read_hex(std::string_view hex, std::span<std::byte> into) {
    if (hex.size() != 2 * into.size()) return false;
    for (std::size_t i = 0; i < into.size(); ++i) {
      const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
      if (high < 0 || low < 0) return false;
      into[i] = static_cast<std::byte>(high << 4 | low);
    }
    return true;
  }

  static bool from_base64(std::string_view text, std::string& into) {
    auto bytes = codec::unbase64(text);
    if (bytes) into = std::move(*bytes);
    return bytes.has_value();
  }

  Entry entry_;
  bool has_number_ = false, has_content_ = false;
};

// Any JSON object; what is no member of ours is carried.
std::optional<Entry> read_any(std::string_view line) {
  const auto json = codec::parse_json(line);
  if (!json || !json->is_object()) return std::nullopt;
  EntryReader reader;
  for (const auto& [key, value] : *json->members()) {
    bool known = false;
    if (const auto* text = value.string()) {
      known = reader.text(key, *text);
    } else if (const auto* items = value.items()) {
      known = !items->empty() && std::all_of(items->begin(), items->end(), [&](const codec::Json& item) {
        return item.is_string() && reader.item(key, *item.string());
      });
    } else if (const auto number = value.natural()) {
      known = reader.number(key, *number);
    }
    if (!known) reader.unknown(key, value);
  }
  return reader.finish();
}

}  // namespace

void append_entry_line(std::string& out, const Entry& entry, Numbering numbering) {
  LineWriter line(out);
  line.number(numbering == Numbering::uid ? "uid" : "n", entry.number);
  line.text("uidl", entry.uidl);
  if (entry.first_seen) line.plain("first_seen", rfc3339_utc(*entry.first_seen));
  append_content(line, entry.content);
  line.number("size", entry.size);
  if (entry.server_size) line.number("server_size", *entry.server_size);
  if (entry.date) {
    std::string date;
    if (append_rfc3339(date, *entry.date)) line.plain("date", date);
  }
  write_flags(line, entry.flags);
  line.texts("labels", entry.labels);
  line.text("gid", entry.global_id);
  if (entry.presence != Presence::present) line.plain("state", entry.presence == Presence::gone ? "gone" : "released");
  if (entry.header_evidence) line.plain("evidence", "header");
  line.members(entry.unknown);
  line.finish();
}

std::optional<Entry> read_entry_line(std::string_view line) {
  EntryReader reader;
  JsonCursor cursor(line);
  const bool plain = cursor.flat_object([&](auto key, auto value) { return reader.text(key, value); },
                                        [&](auto key, auto value) { return reader.number(key, value); },
                                        [&](auto key, auto value) { return reader.item(key, value); });
  return plain ? reader.finish() : read_any(line);
}

}  // namespace postferry::archive
