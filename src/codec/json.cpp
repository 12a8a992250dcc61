#include <postferry/codec/json.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <postferry/base/text.h>

namespace postferry::codec {
namespace {

constexpr std::uint64_t largest_signed = std::numeric_limits<std::int64_t>::max();

// What a character is within a JSON string: plain, ASCII that must be escaped, or a piece of UTF-8.
enum class Kind : unsigned char { plain, escaped, wide };

constexpr std::array<Kind, 256> kinds = [] {
  std::array<Kind, 256> out{};
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = c < 0x20 || c == '"' || c == '\\' ? Kind::escaped : c < 0x80 ? Kind::plain : Kind::wide;
  }
  return out;
}();

void append_escaped(std::string& out, char c) {
  constexpr std::string_view letters = "\"\\\b\f\n\r\t";
  constexpr std::string_view names = "\"\\bfnrt";
  out += '\\';
  if (const auto at = letters.find(c); at != std::string_view::npos) {
    out += names[at];
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(c);
  out += "u00";
  out += digits[value >> 4U];
  out += digits[value & 15U];
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no word for it
    return;
  }
  const std::size_t had = out.size();
  append_number(out, value);
  // a whole number stays recognisable as one that was not counted
  if (out.find_first_of(".e", had) == std::string::npos) out += ".0";
}

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  std::size_t from = 0;  // what is not yet copied
  for (std::size_t i = 0; i < utf8.size();) {
    const Kind kind = kinds[static_cast<unsigned char>(utf8[i])];
    const std::size_t length = kind == Kind::wide ? first_utf8(utf8.substr(i)).length : 1;
    if (kind == Kind::plain || (kind == Kind::wide && length > 0)) {
      i += length;
      continue;
    }
    out.append(utf8, from, i - from);
    if (kind == Kind::escaped) {
      append_escaped(out, utf8[i]);
    } else {
      out += "\xEF\xBF\xBD";
    }
    from = ++i;
  }
  out.append(utf8, from);
  out += '"';
}

std::optional<bool> Json::boolean() const {
  const auto* value = std::get_if<bool>(&value_);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Json::integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  const auto* value = std::get_if<std::uint64_t>(&value_);
  if (value == nullptr || *value > largest_signed) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint64_t> Json::natural() const {
  if (const auto* value = std::get_if<std::uint64_t>(&value_)) return *value;
  const auto* value = std::get_if<std::int64_t>(&value_);
  if (value == nullptr || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<double> Json::number() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
  return std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const auto* object = members();
  if (object == nullptr) return nullptr;
  const auto at =
      std::find_if(object->begin(), object->end(), [key](const auto& member) { return member.first == key; });
  return at != object->end() ? &at->second : nullptr;
}

std::string Json::text(std::string_view key, std::string_view otherwise) const {
  const Json* member = find(key);
  const std::string* value = member != nullptr ? member->string() : nullptr;
  return value != nullptr ? *value : std::string(otherwise);
}

std::uint64_t Json::natural(std::string_view key, std::uint64_t otherwise) const {
  const Json* member = find(key);
  return member != nullptr ? member->natural().value_or(otherwise) : otherwise;
}

bool Json::flag(std::string_view key, bool otherwise) const {
  const Json* member = find(key);
  return member != nullptr ? member->boolean().value_or(otherwise) : otherwise;
}

Json& Json::add(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  std::get<Object>(value_).emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::add(Json item) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(item));
  return *this;
}

std::string Json::dump() const {
  std::string out;
  dump_to(out);
  return out;
}

void Json::dump_to(std::string& out) const {
  if (const auto* text = std::get_if<std::string>(&value_)) {
    append_json_string(out, *text);
  } else if (const auto* object = std::get_if<Object>(&value_)) {
    char before = '{';
    for (const auto& [key, value] : *object) {
      out += before;
      append_json_string(out, key);
      out += ':';
      value.dump_to(out);
      before = ',';
    }
    out += object->empty() ? "{}" : "}";
  } else if (const auto* array = std::get_if<Array>(&value_)) {
    char before = '[';
    for (const auto& item : *array) {
      out += before;
      item.dump_to(out);
      before = ',';
    }
    out += array->empty() ? "[]" : "]";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value_)) {
    append_number(out, *whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value_)) {
    append_number(out, *natural);
  } else if (const auto* real = std::get_if<double>(&value_)) {
    append_double(out, *real);
  } else if (const auto* truth = std::get_if<bool>(&value_)) {
    out += *truth ? "true" : "false";
  } else {
    out += "null";
  }
}

}  // namespace postferry::codec
