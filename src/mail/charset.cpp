#include "charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// What Windows-1252 has at 0x80 to 0x9F; its five holes become U+FFFD.
constexpr std::array<char32_t, 32> cp1252 = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                             0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                             0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                             0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

std::string from_cp1252(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    append_utf8(out, value >= 0x80 && value < 0xA0 ? cp1252[value - 0x80U] : value);
  }
  return out;
}

// What mail means where it says something that iconv does not know, or knows as something smaller.
std::string_view meant(std::string_view charset) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> names = {
      {{"gb2312", "GB18030"},
       {"gbk", "GB18030"},
       {"x-gbk", "GB18030"},
       {"ks_c_5601-1987", "CP949"},
       {"euc-kr", "CP949"},
       {"shift_jis", "CP932"},
       {"x-sjis", "CP932"},
       {"iso-8859-8-i", "ISO-8859-8"},
       {"iso-8859-9", "CP1254"},
       {"unicode-1-1-utf-7", "UTF-7"}}};
  const auto same = [charset](const auto& entry) { return equal_ignoring_case(charset, entry.first); };
  const auto found = std::find_if(names.begin(), names.end(), same);
  return found != names.end() ? found->second : charset;
}

bool is_any_of(std::string_view charset, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [=](std::string_view name) { return equal_ignoring_case(charset, name); });
}

// A slash would be read as an option by iconv.
bool is_plain_name(std::string_view charset) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '+';
  };
  return !charset.empty() && charset.size() <= 40 && std::all_of(charset.begin(), charset.end(), plain);
}

class Converter {
 public:
  explicit Converter(std::string_view charset)
      : state_(::iconv_open("UTF-8", std::string(charset).c_str())) {}
  ~Converter() {
    if (known()) ::iconv_close(state_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool known() const { return state_ != invalid(); }

  std::string convert(std::string_view bytes) {
    std::string in(bytes);  // iconv's prototype wants it changeable
    char* from = in.data();
    std::size_t left = in.size();
    std::string out;
    while (left > 0) {
      std::array<char, 256> piece;
      char* into = piece.data();
      std::size_t room = piece.size();
      const auto result = ::iconv(state_, &from, &left, &into, &room);
      out.append(piece.data(), into);
      if (result != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
      out += replacement;
      if (errno != EILSEQ || left == 0) break;  // cut within a character
      ++from, --left;
    }
    return out;
  }

 private:
  static iconv_t invalid() { return reinterpret_cast<iconv_t>(-1); }

  iconv_t state_;
};

}  // namespace

std::string guess_utf8(std::string_view bytes) {
  return is_utf8(bytes) ? std::string(bytes) : from_cp1252(bytes);
}

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  charset = charset.substr(0, charset.find('*'));  // RFC 2231 section 5: a language
  if (is_any_of(charset, {"utf-8", "utf8", "us-ascii", "ascii"})) return guess_utf8(bytes);
  // as every browser does: nobody means the C1 controls that ISO 8859-1 has there
  if (is_any_of(charset, {"iso-8859-1", "latin1", "windows-1252", "cp1252"})) return from_cp1252(bytes);
  if (!is_plain_name(charset)) return guess_utf8(bytes);
  Converter converter(meant(charset));
  return converter.known() ? converter.convert(bytes) : guess_utf8(bytes);
}

}  // namespace postferry::mail
