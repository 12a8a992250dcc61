#include <algorithm>
#include <string_view>

#include <postferry/archive/blob_store.h>

namespace postferry::archive {
namespace {

bool all(std::string_view text, bool (*good)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), good);
}
bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f'); }
bool slug(char c) { return digit(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-'; }

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take_end(std::string_view& text, std::string_view word) {
  if (!text.ends_with(word)) return false;
  text.remove_suffix(word.size());
  return true;
}

// "YYYYMMDDThhmmssZ-"
bool take_time(std::string_view& text) {
  if (text.size() < 17 || !all(text.substr(0, 8), digit) || text[8] != 'T' ||
      !all(text.substr(9, 6), digit) || text.substr(15, 2) != "Z-") {
    return false;
  }
  text.remove_prefix(17);
  return true;
}

// "YYYY/MM/"
bool take_month(std::string_view& text) {
  if (text.size() < 8 || !all(text.substr(0, 4), digit) || text[4] != '/' || !all(text.substr(5, 2), digit) ||
      text[7] != '/') {
    return false;
  }
  text.remove_prefix(8);
  return true;
}

bool is_hash(std::string_view text) { return text.size() == 32 && all(text, hex); }

bool is_pack_file(std::string_view name) {
  return (take_end(name, ".tar.zst") || take_end(name, ".tar.gz")) && take_time(name) && is_hash(name);
}

// With the account's slug before the hash.
bool is_snapshot_file(std::string_view name) {
  if (!take_end(name, ".json") || !take_time(name)) return false;
  const auto dash = name.rfind('-');
  return dash != std::string_view::npos && all(name.substr(0, dash), slug) && is_hash(name.substr(dash + 1));
}

bool is_record_file(std::string_view name) {
  return take_end(name, ".json") && take_time(name) && name.size() >= 32 &&
         is_hash(name.substr(name.size() - 32)) && all(name, slug);
}

}  // namespace

std::string_view folder_of(Kind kind) {
  switch (kind) {
    case Kind::pack:
      return "packs";
    case Kind::snapshot:
      return "snapshots";
    case Kind::forgotten:
      return "forgotten";
    case Kind::tombstone:
      return "tombstones";
    case Kind::key:
      return "keys";
    case Kind::lock:
      return "locks";
    case Kind::config:
    case Kind::readme:
      break;
  }
  return "";
}

bool has_months(Kind kind) { return kind == Kind::pack || kind == Kind::snapshot; }

bool is_store_name(Kind kind, std::string_view name) {
  if (kind == Kind::config) return name == "postferry.json";
  if (kind == Kind::readme) return name == "README.txt";
  if (!take(name, folder_of(kind)) || !take(name, "/")) return false;
  if (has_months(kind) && !take_month(name)) return false;
  switch (kind) {
    case Kind::pack:
      return is_pack_file(name);
    case Kind::snapshot:
      return is_snapshot_file(name);
    case Kind::forgotten:
    case Kind::tombstone:
      return is_record_file(name);
    case Kind::key:
      return take_end(name, ".age") && all(name, slug);
    case Kind::lock:
      return take_end(name, ".json") && all(name, slug);
    case Kind::config:
    case Kind::readme:
      break;
  }
  return false;
}

}  // namespace postferry::archive
