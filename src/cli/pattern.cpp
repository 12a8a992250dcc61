#include "pattern.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::cli {
namespace {

constexpr std::array<std::pair<mail::Role, std::string_view>, 8> roles{{{mail::Role::inbox, "inbox"},
                                                                        {mail::Role::sent, "sent"},
                                                                        {mail::Role::drafts, "drafts"},
                                                                        {mail::Role::trash, "trash"},
                                                                        {mail::Role::junk, "junk"},
                                                                        {mail::Role::archive, "archive"},
                                                                        {mail::Role::flagged, "flagged"},
                                                                        {mail::Role::all, "all"}}};

// A row of reachable ends for each character of the pattern: with two kinds of wildcard, one of which stops
// at a level, greedy matching would need to step back in both. `passes(p, nothing)` says whether p is a
// wildcard, `passes(p, at)` whether it takes in the character there; `same` compares a plain one.
template <class Pattern, class Text, class Same, class Passes>
bool wild_match(const Pattern& pattern, const Text& text, Same same, Passes passes) {
  std::vector<char> now(text.size() + 1, 0), next(text.size() + 1, 0);
  now[0] = 1;
  for (const auto& p : pattern) {
    const bool wild = passes(p, std::nullopt);
    next[0] = wild ? now[0] : char{0};
    bool alive = next[0];
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::optional<std::size_t> at = i;
      next[i + 1] = wild ? static_cast<char>(now[i + 1] || (next[i] && passes(p, at)))
                         : static_cast<char>(now[i] && same(p, text[i]));
      alive = alive || next[i + 1];
    }
    if (!alive) return false;
    std::swap(now, next);
  }
  return now[text.size()];
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Cause::config, Blast::run, Retry::never, what);
}

mail::Role role_of(std::string_view word, const std::string& text) {
  std::vector<std::string> words;
  for (const auto& [role, name] : roles) {
    if (name == word) return role;
    words.emplace_back(name);
  }
  const auto near = nearest(word, words);
  refuse(fmt::format("{}: there is no such role{}", printable(text, 60),
                     near ? fmt::format("; did you mean :{}:?", *near)
                          : fmt::format("; there are :{}:", fmt::join(words, ":, :"))));
}

}  // namespace

std::string_view role_word(mail::Role role) {
  for (const auto& [candidate, name] : roles) {
    if (candidate == role) return name;
  }
  return {};
}

FolderPattern::FolderPattern(const std::string& text) : text_(text) {
  if (text.size() > 2 && text.starts_with(':') && text.ends_with(':')) {
    role_ = role_of(lower(text).substr(1, text.size() - 2), text);
    return;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<Token>(static_cast<unsigned char>(text[i]));
    if (byte == '\\' && i + 1 == text.size()) {
      refuse(fmt::format("{}: nothing follows the last \\", printable(text, 60)));
    } else if (byte == '\\' && std::string_view("/\\*%").find(text[i + 1]) != std::string_view::npos) {
      tokens_.push_back(static_cast<unsigned char>(text[++i]));
    } else {
      tokens_.push_back(byte == '/' ? level : byte == '*' ? any : byte == '%' ? any_in_level : byte);
    }
  }
  // INBOX is one folder however it is written (RFC 9051, 5.1), alone or as the first word
  const auto first = text.substr(0, text.find('/'));
  if (equal_ignoring_case(first, "INBOX")) {
    for (std::size_t i = 0; i < 5; ++i) tokens_[i] = static_cast<unsigned char>("INBOX"[i]);
  }
}

std::vector<FolderPattern::Token> FolderPattern::tokens_of(const mail::FolderPath& path) {
  std::vector<Token> out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) out.push_back(level);
    const std::string_view word =
        i == 0 && equal_ignoring_case(path[i], "INBOX") ? "INBOX" : std::string_view(path[i]);
    for (const char c : word) out.push_back(static_cast<unsigned char>(c));
  }
  return out;
}

bool FolderPattern::matches(const mail::FolderPath& path, mail::Role role) const {
  if (role_ != mail::Role::none) return role == role_;
  const auto name = tokens_of(path);
  return wild_match(
      tokens_, name, [](Token p, Token t) { return p == t; },
      [&](Token p, std::optional<std::size_t> at) {
        return p == any || (p == any_in_level && (!at || name[*at] != level));
      });
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  return wild_match(
      pattern, text, [](char p, char t) { return p == t || p == '?'; },
      [](char p, std::optional<std::size_t>) { return p == '*'; });
}

}  // namespace postferry::cli
