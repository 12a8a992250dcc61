#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <postferry/archive/archive.h>

namespace postferry::archive {

inline constexpr std::array<std::pair<How, std::string_view>, 4> how_words{
    {{How::listed, "listed"}, {How::partial, "partial"}, {How::carried, "carried"}, {How::excluded, "excluded"}}};

inline constexpr std::array<std::pair<mail::Role, std::string_view>, 8> role_words{{{mail::Role::inbox, "inbox"},
                                                                                    {mail::Role::sent, "sent"},
                                                                                    {mail::Role::drafts, "drafts"},
                                                                                    {mail::Role::trash, "trash"},
                                                                                    {mail::Role::junk, "junk"},
                                                                                    {mail::Role::archive, "archive"},
                                                                                    {mail::Role::flagged, "flagged"},
                                                                                    {mail::Role::all, "all"}}};

template <class Words, class Value>
std::string_view word_in(const Words& words, Value value) {
  for (const auto& [one, word] : words) {
    if (one == value) return word;
  }
  return {};
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& words, std::string_view word) {
  for (const auto& [value, one] : words) {
    if (one == word) return value;
  }
  return std::nullopt;
}

// How a folder's path is spelt on the wire where nothing speaks against it: modified UTF-7, joined by its delimiter.
std::string usual_wire_name(const mail::Folder& folder);

}  // namespace postferry::archive
