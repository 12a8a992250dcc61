#include "entry_view.h"

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/text.h>

#include "when.h"

namespace postferry::cli {

std::string content_hex(const mail::ContentId& content) { return to_hex(content.digest); }
std::string short_content(const mail::ContentId& content) { return content_hex(content).substr(0, 12); }

std::string flag_letters(const mail::Flags& flags) {
  std::string out = "-----";
  if (flags.answered) out[0] = 'A';
  if (flags.seen) out[1] = 'S';
  if (flags.flagged) out[2] = 'F';
  if (flags.draft) out[3] = 'D';
  if (flags.deleted) out[4] = 'T';
  return out;
}

std::vector<std::string> flag_words(const mail::Flags& flags) {
  std::vector<std::string> out;
  if (flags.answered) out.emplace_back("\\Answered");
  if (flags.deleted) out.emplace_back("\\Deleted");
  if (flags.draft) out.emplace_back("\\Draft");
  if (flags.flagged) out.emplace_back("\\Flagged");
  if (flags.seen) out.emplace_back("\\Seen");
  return out;
}

std::string_view presence_word(archive::Presence presence) {
  switch (presence) {
    case archive::Presence::present:
      return "present";
    case archive::Presence::released:
      return "released";
    case archive::Presence::gone:
      return "gone";
  }
  return "present";
}

void add_entry(codec::Json& to, const archive::Entry& entry) {
  to.add("content", content_hex(entry.content)).add("size", entry.size);
  if (entry.uidl.empty()) {
    to.add("uid", entry.number);
  } else {
    to.add("n", entry.number).add("uidl", entry.uidl);
  }
  to.add("date", entry.date ? codec::Json(rfc3339(entry.date->at, entry.date->zone)) : codec::Json());
  auto flags = codec::Json::array(), keywords = codec::Json::array(), labels = codec::Json::array();
  for (auto& word : flag_words(entry.flags)) flags.add(codec::Json(std::move(word)));
  for (const auto& word : entry.flags.keywords) keywords.add(codec::Json(word));
  for (const auto& word : entry.labels) labels.add(codec::Json(word));
  to.add("flags", flags).add("keywords", keywords);
  if (!entry.labels.empty()) to.add("labels", labels);
  to.add("state", presence_word(entry.presence));
}

void add_headline(codec::Json& to, const mail::Headline& headline) {
  to.add("from", headline.from).add("subject", headline.subject);
}

mail::Headline headline_of(const archive::Archive& archive, const mail::ContentId& content) {
  const auto found = archive.locate(content.digest);
  return found ? found->entry.headline : mail::Headline{};
}

std::string entry_line(const archive::Entry& entry, const mail::Headline& headline) {
  const auto state = entry.presence == archive::Presence::present
                         ? ""
                         : fmt::format("  [{}]", presence_word(entry.presence));
  return fmt::format("{}  {:<16}  {:>9}  {}  {}  {}{}", short_content(entry.content), shown_date(entry.date),
                     human_bytes(entry.size), flag_letters(entry.flags), printable(headline.from, 40),
                     printable(headline.subject, 160), state);
}

}  // namespace postferry::cli
