#include "normalise.h"

#include <algorithm>
#include <cstdint>

#include "mail_date.h"

#include <postferry/base/text.h>
#include <postferry/codec/sha256.h>

namespace postferry::mail {
namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }

std::string without_blanks(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return !is_blank(c); });
  return out;
}

// What stands between the first '>' and the last '<' before it.
std::optional<std::string_view> in_brackets(std::string_view text) {
  const auto open = text.find('<');
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = text.find('>', open);
  if (close == std::string_view::npos) return std::nullopt;
  const auto from = text.rfind('<', close) + 1;
  return text.substr(from, close - from);
}

std::string_view first_word(std::string_view text) {
  const auto from = std::find_if_not(text.begin(), text.end(), is_blank);
  const auto to = std::find_if(from, text.end(), is_blank);
  return {from, to};
}

// Walks over `text` and tells whether each character stands within a quoted string.
template <class Visit>
void outside_quotes(std::string_view text, Visit visit) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (text[i] == '"') quoted = !quoted;
    if (!visit(i, quoted || text[i] == '"')) return;
    if (escape && !visit(++i, true)) return;
  }
}

// The address part: up to the first comma or semicolon that is not quoted, with quoted display names blanked
// so that brackets in them do not count.
std::string unquoted_brackets(std::string_view text) {
  std::string out(text);
  if (text.find_first_of("\"\\") == std::string_view::npos) return out;
  outside_quotes(text, [&out](std::size_t i, bool quoted) {
    if (quoted && (out[i] == '<' || out[i] == '>')) out[i] = '_';
    return true;
  });
  return out;
}

std::string_view up_to_comma(std::string_view text) {
  std::size_t end = text.size();
  outside_quotes(text, [&](std::size_t i, bool quoted) {
    if (!quoted && text[i] == ',') end = i;
    return end == text.size();
  });
  return text.substr(0, end);
}

void add_part(std::string& out, std::string_view part) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((part.size() >> shift) & 0xFFU);
  out += part;
}

}  // namespace

std::string collapsed(std::string_view text) {
  std::string out;
  bool blank = false;
  for (const char c : text) {
    if (is_blank(c)) {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::string without_comments(std::string_view text) {
  if (text.find('(') == std::string_view::npos) return std::string(text);
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '\\' && i + 1 < text.size();
    if (depth == 0 && c == '"') quoted = !quoted;
    if (!quoted && c == '(' && depth++ == 0) out += ' ';
    if (depth == 0) out.append(text, i, escape ? 2 : 1);
    if (!quoted && c == ')' && depth > 0) --depth;
    if (escape) ++i;
  }
  return out;
}

std::optional<std::string> normal_message_id(std::string_view text) {
  std::string id = without_blanks(in_brackets(text).value_or(first_word(text)));
  std::erase_if(id, [](char c) { return c == '<' || c == '>'; });
  if (id.find_first_not_of('@') == std::string::npos) return std::nullopt;
  const auto at = id.rfind('@');
  if (at != std::string::npos) id = id.substr(0, at) + lower(std::string_view(id).substr(at));
  return id;
}

std::string normal_date(std::string_view text) {
  if (const auto instant = mail_date(text)) return "@" + std::to_string(instant->time_since_epoch().count());
  return "=" + collapsed(text);
}

std::string normal_from(std::string_view text) {
  const std::string plain = unquoted_brackets(without_comments(text));
  std::string_view address = in_brackets(plain).value_or(up_to_comma(plain));
  // "<@relay.example:user@example.org>": a route, long gone from use
  const auto colon = address.find(':');
  if (address.starts_with('@') && colon != std::string_view::npos) address.remove_prefix(colon + 1);
  return lower(without_blanks(address));
}

std::optional<MatchKey> match_key(const Fields& fields) {
  const auto id = normal_message_id(fields[Wanted::message_id]);
  if (!id) return std::nullopt;
  const auto has = [&fields](Wanted field) { return fields.present[static_cast<std::size_t>(field)]; };
  std::string text;
  add_part(text, *id);
  add_part(text, has(Wanted::date) ? normal_date(fields[Wanted::date]) : "");
  add_part(text, normal_from(fields[Wanted::from]));
  add_part(text, collapsed(fields[Wanted::subject]));
  const auto digest = codec::Sha256::of(as_bytes(text));
  MatchKey out;
  std::copy_n(digest.begin(), out.digest.size(), out.digest.begin());
  return out;
}

}  // namespace postferry::mail
