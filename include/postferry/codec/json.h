#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace postferry::codec {

// A JSON value (RFC 8259) as plain data. Objects keep the order of their keys, so that what was read can be
// written again byte for byte.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(unsigned value) : value_(static_cast<std::uint64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json object() { return Json(Object{}); }
  static Json array() { return Json(Array{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }

  // The value, or nothing if it is of another kind (or a number out of range).
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<std::uint64_t> natural() const;
  std::optional<double> number() const;
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* items() const { return std::get_if<Array>(&value_); }
  const Object* members() const { return std::get_if<Object>(&value_); }

  // The member of that name, or null. Linear; our objects are small.
  const Json* find(std::string_view key) const;
  std::string text(std::string_view key, std::string_view otherwise = {}) const;         // find + string
  std::uint64_t natural(std::string_view key, std::uint64_t otherwise = 0) const;        // find + natural
  bool flag(std::string_view key, bool otherwise = false) const;                         // find + boolean

  // Appends a member (no look for a twin) or an item. On null they make an object or an array of it.
  Json& add(std::string key, Json value);
  Json& add(Json item);

  // The normative form: one line, no blanks, UTF-8, only what JSON must is escaped. Text that is not UTF-8
  // is written with U+FFFD; who must keep such bytes writes base64 under <name>_b64 himself.
  std::string dump() const;
  void dump_to(std::string& out) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

// Nothing if `text` is not one well-formed JSON value. Nesting is limited to 64.
std::optional<Json> parse_json(std::string_view text);

// `"..."` with what JSON must escaped; for writers that build their lines by hand.
void append_json_string(std::string& out, std::string_view utf8);

}  // namespace postferry::codec
