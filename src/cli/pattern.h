#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/mail/message.h>

namespace postferry::cli {

std::string_view role_word(mail::Role role);  // "junk"; empty for none

// --folder and --exclude: IMAP's * (any text) and % (any text within a level), ":junk:" for a role, \* \% \/
// \\ for the characters themselves. INBOX in any case; everything else letter by letter.
class FolderPattern {
 public:
  // Error{config} for a role that does not exist and a \ before nothing.
  explicit FolderPattern(const std::string& text);
  bool matches(const mail::FolderPath& path, mail::Role role) const;
  const std::string& text() const { return text_; }

 private:
  using Token = std::uint16_t;  // a byte, or one of the three below
  static constexpr Token level = 256, any = 257, any_in_level = 258;
  static std::vector<Token> tokens_of(const mail::FolderPath& path);

  std::string text_;
  mail::Role role_ = mail::Role::none;
  std::vector<Token> tokens_;
};

// --account: * any text, ? one character; compared with the id and with the nickname.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace postferry::cli
