#include "tar_path.h"

#include <algorithm>
#include <array>
#include <memory>

#include <glib.h>

#include <postferry/base/bytes.h>
#include <postferry/base/text.h>

namespace postferry::archive {
namespace {

constexpr std::size_t slug_most = 40, word_most = 64, words_most = 8, path_most = 220;
constexpr std::size_t name_bytes = 1 + 64 + 4;  // "/<sha256>.eml"

struct FreeText {
  void operator()(gchar* text) const { g_free(text); }
};

bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x7F && std::string_view("/\\:*?\"<>|").find(c) == std::string_view::npos;
}

bool is_hidden(gunichar c) {
  switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:  // the bidi marks are among them
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return true;
    default:
      return false;
  }
}

std::string composed(const std::string& utf8) {
  if (std::all_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return utf8;
  const std::unique_ptr<gchar, FreeText> text(
      g_utf8_normalize(utf8.data(), static_cast<gssize>(utf8.size()), G_NORMALIZE_DEFAULT_COMPOSE));
  return text ? std::string(text.get()) : utf8;
}

// Everything that some file system or terminal does not bear becomes '_'; the rest stays, byte for byte.
std::string harmless(std::string_view word) {
  std::string out;
  out.reserve(word.size());
  while (!word.empty()) {
    if (static_cast<unsigned char>(word.front()) < 0x80) {
      out += is_plain(word.front()) ? word.front() : '_';
      word.remove_prefix(1);
      continue;
    }
    const gunichar c = g_utf8_get_char_validated(word.data(), static_cast<gssize>(word.size()));
    if (c == static_cast<gunichar>(-1) || c == static_cast<gunichar>(-2)) {  // not UTF-8: byte by byte
      out += '_';
      word.remove_prefix(1);
      continue;
    }
    const auto length = static_cast<std::size_t>(g_utf8_next_char(word.data()) - word.data());
    if (is_hidden(c))
      out += '_';
    else
      out += word.substr(0, length);
    word.remove_prefix(length);
  }
  return out;
}

void cut(std::string& word, std::size_t most) {
  if (word.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(word[most]) & 0xC0U) == 0x80U) --most;
  word.resize(most);
}

void trim_end(std::string& word) {
  while (word.ends_with('.') || word.ends_with(' ')) word.pop_back();
}

// CON, com1.txt ...: what Windows opens as a device whatever comes after the first dot.
bool is_device(std::string_view stem) {
  static constexpr std::array plain{"con", "prn", "aux", "nul"};
  const auto name = lower(stem);
  if (std::find(plain.begin(), plain.end(), name) != plain.end()) return true;
  return name.size() == 4 && (name.starts_with("com") || name.starts_with("lpt")) && name[3] >= '0' &&
         name[3] <= '9';
}

}  // namespace

std::string account_slug(const mail::AccountId& account) {
  std::string out;
  for (const char c : lower(account)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (good)
      out += c;
    else if (!out.empty() && !out.ends_with('-'))
      out += '-';
  }
  while (out.starts_with('-') || out.starts_with('.')) out.erase(0, 1);
  if (out.size() > slug_most) out.resize(slug_most);
  while (out.ends_with('-')) out.pop_back();
  const auto hash = to_hex(codec::Sha256::of(as_bytes(account))).substr(0, 8);
  return out.empty() ? hash : out + "-" + hash;
}

std::string tar_word(std::string_view word, std::size_t most) {
  std::string out = harmless(composed(harmless(word)));
  trim_end(out);
  if (out.starts_with('-') || out.starts_with('.') || out.starts_with('~')) out[0] = '_';
  const auto stem = std::min(out.find('.'), out.size());
  if (is_device(std::string_view(out).substr(0, stem))) out.insert(stem, 1, '_');
  cut(out, most);
  trim_end(out);
  return out.empty() ? "_" : out;
}

std::string tar_folder(const mail::AccountId& account, const mail::FolderPath& path) {
  std::string out = "mail/" + account_slug(account);
  for (std::size_t i = 0; i < std::min(path.size(), words_most); ++i) {
    const std::size_t used = out.size() + 1 + name_bytes;
    if (used >= path_most) break;
    out += '/';
    out += tar_word(path[i], std::min(word_most, path_most - used));
  }
  return out;
}

}  // namespace postferry::archive
