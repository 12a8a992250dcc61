#include "folder_names.h"

#include <postferry/base/text.h>
#include <postferry/codec/utf7.h>

namespace postferry::imap {
namespace {

std::string word(std::string_view wire) {
  if (auto text = codec::from_modified_utf7(wire)) return printable(*text);
  // Servers that write UTF-8 (some say so, some do not) are read as they mean it.
  return printable(wire);
}

// Quirk 78: Courier and its like keep everything below "INBOX."; what stands above is no part of a folder's
// place. A folder INBOX.INBOX keeps it, or it would be taken for the INBOX.
std::string_view without(std::string_view prefix, std::string_view name) {
  if (prefix.empty() || name.size() <= prefix.size()) return name;
  const bool same = equal_ignoring_case(prefix.substr(0, 5), "INBOX")
                        ? equal_ignoring_case(name.substr(0, 5), "INBOX") &&
                              name.substr(5, prefix.size() - 5) == prefix.substr(5)
                        : name.starts_with(prefix);
  if (!same || is_inbox(name.substr(prefix.size()))) return name;
  return name.substr(prefix.size());
}

}  // namespace

bool is_inbox(std::string_view wire_name) { return equal_ignoring_case(wire_name, "INBOX"); }

mail::FolderPath path_of(std::string_view wire_name, char delimiter, std::string_view prefix) {
  if (is_inbox(wire_name)) return {"INBOX"};
  mail::FolderPath out;
  auto rest = without(prefix, wire_name);
  while (!rest.empty()) {
    const auto end = delimiter == 0 ? rest.size() : std::min(rest.find(delimiter), rest.size());
    if (end > 0) out.push_back(word(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (out.empty()) out.push_back(printable(wire_name));
  if (is_inbox(out.front())) out.front() = "INBOX";
  return out;
}

}  // namespace postferry::imap
