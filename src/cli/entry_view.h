#pragma once

#include <optional>
#include <string>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/codec/json.h>

namespace postferry::cli {

// How `ls`, `diff` and the index of an export write one message.
std::string content_hex(const mail::ContentId& content);
std::string short_content(const mail::ContentId& content);  // 12 digits: unique among millions
std::string flag_letters(const mail::Flags& flags);  // "-S---": answered, seen, flagged, draft, deleted
std::vector<std::string> flag_words(const mail::Flags& flags);  // "\Seen"..., keywords after
std::string_view presence_word(archive::Presence presence);     // "present", "released", "gone"

// content, size, date, uid or n and uidl, flags, keywords, labels, state
void add_entry(codec::Json& to, const archive::Entry& entry);
void add_headline(codec::Json& to, const mail::Headline& headline);

// Date, sender and subject as the packs' tables have them; empty if no pack has the message.
mail::Headline headline_of(const archive::Archive& archive, const mail::ContentId& content);

// One line: id, date, size, flags, sender, subject.
std::string entry_line(const archive::Entry& entry, const mail::Headline& headline);

}  // namespace postferry::cli
