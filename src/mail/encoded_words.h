#pragma once

#include <string>
#include <string_view>

namespace postferry::mail {

// Decodes the encoded words of an unfolded header text (RFC 2047) to UTF-8, with the tolerance that real mail
// needs: characters split between neighbours, blanks inside a word, missing padding. What is no encoded word
// stays.
std::string decode_words(std::string_view text);

}  // namespace postferry::mail
