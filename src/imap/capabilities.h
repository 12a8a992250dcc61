#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace postferry::imap {

// What a server says that it can do, at this moment: it says something else after TLS and after the login.
class Capabilities {
 public:
  void take(
      std::string_view words);  // replaces; separated by blanks (quirk 28: more than one, or one at the end)
  void forget() { words_.clear(); }
  bool known() const { return !words_.empty(); }
  bool has(std::string_view capability) const;  // in any case
  // "APPENDLIMIT=35651584": what stands behind the sign. Nothing where the word comes alone, or not at all.
  std::optional<std::string> value(std::string_view capability) const;
  std::string text() const;                     // for people and reports

 private:
  std::set<std::string, std::less<>> words_;  // upper case
};

}  // namespace postferry::imap
