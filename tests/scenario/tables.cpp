#include "tables.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace postferry::scenario {
namespace {

std::vector<std::string> parts(const std::string& text, char by) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) all.push_back(part);
  return all;
}

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

mail::Flags flags_of(std::istringstream& words) {
  mail::Flags flags;
  for (std::string word; words >> word;) {
    if (word == "seen") {
      flags.seen = true;
    } else if (word == "answered") {
      flags.answered = true;
    } else if (word == "flagged") {
      flags.flagged = true;
    } else if (word == "deleted") {
      flags.deleted = true;
    } else if (word == "draft") {
      flags.draft = true;
    } else {
      flags.keywords.insert(word);
    }
  }
  return flags;
}

std::map<std::string, std::string>& names_by_text() {
  static std::map<std::string, std::string> names;
  return names;
}

void read_row(const std::string& text, test::MemoryFolder& folder) {
  std::istringstream words(text);
  test::MemoryMessage message;
  std::string name;
  words >> message.uid >> name;
  message.flags = flags_of(words);
  message.text = text_for(name);
  message.received =
      mail::Received{std::chrono::sys_seconds(std::chrono::seconds(1795000000)), std::chrono::minutes(60)};
  folder.next = message.uid + 1;
  folder.messages.push_back(std::move(message));
}

void read_line(const std::string& line, test::MemoryAccount& account) {
  const auto colon = line.find(':');
  auto name = trimmed(line.substr(0, colon));
  std::uint32_t uidvalidity = 1;
  if (const auto bracket = name.find(" ("); bracket != std::string::npos) {
    uidvalidity = static_cast<std::uint32_t>(std::stoul(name.substr(bracket + 2)));
    name.resize(bracket);
  }
  auto& folder = account.folder(name);
  folder.uidvalidity = uidvalidity;
  for (const auto& row : parts(line.substr(colon + 1), ',')) {
    if (!trimmed(row).empty()) read_row(row, folder);
  }
}

}  // namespace

std::string text_for(const std::string& name) {
  const auto id = name.substr(0, name.find('/'));
  auto text = test::mail_text(id, "the body of " + name);
  if (name.starts_with('?')) text.erase(0, text.find("\r\n") + 2);
  names_by_text()[text] = name;
  return text;
}

test::MemoryAccount mailbox(const std::string& table) {
  test::MemoryAccount account;
  for (const auto& line : parts(table, '\n')) {
    if (!trimmed(line).empty()) read_line(trimmed(line), account);
  }
  return account;
}

void change(test::MemoryAccount& account, const std::string& table) {
  auto changed = mailbox(table);
  for (auto& folder : changed.folders) {
    const auto before = std::find_if(account.folders.begin(), account.folders.end(), [&](const auto& one) {
      return one.folder.wire_name == folder.folder.wire_name;
    });
    if (before == account.folders.end()) continue;
    folder.modseq = before->modseq + 1;
    if (folder.uidvalidity == before->uidvalidity) folder.next = std::max(folder.next, before->next);
  }
  account = std::move(changed);
}

std::string row(std::uint32_t uid, const std::string& text, const mail::Flags& flags) {
  const auto& names = names_by_text();
  const auto found = names.find(text);
  auto line = fmt::format("{} {}", uid, found == names.end() ? "<unknown bytes>" : found->second);
  if (flags.seen) line += " seen";
  if (flags.answered) line += " answered";
  if (flags.flagged) line += " flagged";
  if (flags.deleted) line += " deleted";
  if (flags.draft) line += " draft";
  for (const auto& keyword : flags.keywords) line += " " + keyword;
  return line;
}

std::string normalised(const std::string& table) {
  std::vector<std::string> lines;
  for (const auto& folder : mailbox(table).folders) {
    std::string line = fmt::format("{} ({}):", folder.folder.wire_name, folder.uidvalidity);
    for (const auto& one : folder.messages) line += " " + row(one.uid, one.text, one.flags) + ",";
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  return all;
}

}  // namespace postferry::scenario
