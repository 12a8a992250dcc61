// By hand: keys keep their order and integers their 64 bits, so that a line of a page that was read can be written
// again byte for byte, and an archive has hundreds of thousands of such lines. nlohmann-json is the judge in the tests.

#include <charconv>
#include <cstring>

#include <postferry/base/text.h>
#include <postferry/codec/json.h>

namespace postferry::codec {
namespace {

constexpr int deepest = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::optional<Json> document() {
    Json out;
    if (!value(out, 0)) return std::nullopt;
    blanks();
    if (at_ != end_) return std::nullopt;
    return out;
  }

 private:
  bool value(Json& out, int depth) {
    blanks();
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return depth < deepest && object(out, depth + 1);
      case '[':
        return depth < deepest && array(out, depth + 1);
      case '"':
        return text(out);
      case 't':
        out = Json(true);
        return word("true");
      case 'f':
        out = Json(false);
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(out);
    }
  }

  bool object(Json& out, int depth) {
    Json::Object members;
    ++at_;
    blanks();
    if (next('}')) return out = Json(std::move(members)), true;
    do {
      blanks();
      auto& [key, item] = members.emplace_back();
      if (at_ == end_ || *at_ != '"' || !string(key)) return false;
      blanks();
      if (!next(':') || !value(item, depth)) return false;
      blanks();
    } while (next(','));
    out = Json(std::move(members));
    return next('}');
  }

  bool array(Json& out, int depth) {
    Json::Array items;
    ++at_;
    blanks();
    if (next(']')) return out = Json(std::move(items)), true;
    do {
      if (!value(items.emplace_back(), depth)) return false;
      blanks();
    } while (next(','));
    out = Json(std::move(items));
    return next(']');
  }

  bool text(Json& out) {
    std::string s;
    if (!string(s)) return false;
    out = Json(std::move(s));
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    bool wide = false;
    const char* from = at_;
    for (; at_ != end_; ++at_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        out.append(from, at_);
        ++at_;
        return !wide || is_utf8(out);
      }
      if (c < 0x20) return false;
      wide = wide || c >= 0x80;
      if (c != '\\') continue;
      out.append(from, at_);
      if (!escape(out)) return false;
      from = at_ + 1;
    }
    return false;
  }

  // at_ is on the backslash; afterwards on the escape's last character
  bool escape(std::string& out) {
    if (++at_ == end_) return false;
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view letters = "\"\\/\b\f\n\r\t";
    if (const auto i = names.find(*at_); i != std::string_view::npos) {
      out += letters[i];
      return true;
    }
    if (*at_ != 'u') return false;
    char32_t code = 0;
    if (!hex4(code) || (code >= 0xDC00 && code <= 0xDFFF)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      char32_t low = 0;
      if (end_ - at_ < 3 || at_[1] != '\\' || at_[2] != 'u') return false;
      at_ += 2;
      if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
    }
    append_utf8(out, code);
    return true;
  }

  // at_ is on the 'u'; afterwards on the last digit
  bool hex4(char32_t& code) {
    if (end_ - at_ < 5) return false;
    unsigned value = 0;
    const auto [stop, bad] = std::from_chars(at_ + 1, at_ + 5, value, 16);
    if (bad != std::errc{} || stop != at_ + 5) return false;
    code = value;
    at_ += 4;
    return true;
  }

  // RFC 8259 section 6: no plus, no leading zero, digits on both sides of the point
  bool number(Json& out) {
    const char* const from = at_;
    const bool negative = next('-');
    const char* const first = at_;
    if (!digits() || (*first == '0' && at_ - first > 1)) return false;
    bool whole = true;
    if (next('.')) {
      whole = false;
      if (!digits()) return false;
    }
    if (next('e') || next('E')) {
      whole = false;
      if (!next('+')) next('-');
      if (!digits()) return false;
    }
    const bool minus_zero = negative && at_ - first == 1 && *first == '0';
    if (whole && !minus_zero && integer(out, from, negative)) return true;
    double real = 0;
    if (std::from_chars(from, at_, real).ec != std::errc{}) return false;
    out = Json(real);
    return true;
  }

  bool integer(Json& out, const char* from, bool negative) {
    std::int64_t small = 0;
    if (std::from_chars(from, at_, small).ec == std::errc{}) return out = Json(small), true;
    std::uint64_t large = 0;
    if (negative || std::from_chars(from, at_, large).ec != std::errc{}) return false;
    out = Json(large);
    return true;
  }

  bool digits() {
    const char* const from = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != from;
  }

  bool word(std::string_view w) {
    if (static_cast<std::size_t>(end_ - at_) < w.size() || std::memcmp(at_, w.data(), w.size()) != 0)
      return false;
    at_ += w.size();
    return true;
  }

  bool next(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  void blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  const char* at_;
  const char* const end_;
};

}  // namespace

std::optional<Json> parse_json(std::string_view text) { return Parser(text).document(); }

}  // namespace postferry::codec
