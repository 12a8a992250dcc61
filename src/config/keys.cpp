#include "keys.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>

namespace postferry::config {
namespace {

// 1 MiB is far beyond any configuration a person writes.
constexpr std::uint64_t largest_file = 1u << 20;

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

}  // namespace

void refuse(const std::string& what) { throw Error(Cause::config, Blast::run, Retry::never, what); }

void refuse(const std::string& file, const toml::source_region& where, const std::string& what) {
  refuse(fmt::format("{}:{}:{}: {}", file, where.begin.line, where.begin.column, what));
}

toml::table read_toml(const std::filesystem::path& file) {
  const auto text = read_text_file(file, largest_file);
  try {
    return toml::parse(std::string_view(text), file.native());
  } catch (const toml::parse_error& error) {
    refuse(file.native(), error.source(), printable(error.description(), 200));
  }
}

Keys::Keys(const toml::table& table, std::string file, std::string name)
    : table_(table), file_(std::move(file)), name_(std::move(name)) {}

const toml::node* Keys::node(std::string_view key) {
  asked_.emplace_back(key);
  return table_.get(key);
}

void Keys::refuse_key(std::string_view key, const std::string& what) const {
  const auto* at = table_.get(key);
  const auto label = name_.empty() ? std::string(key) : name_ + "." + std::string(key);
  refuse(file_, at ? at->source() : table_.source(), label + ": " + what);
}

std::optional<std::string> Keys::text(std::string_view key) {
  const auto* value = node(key);
  if (!value) return std::nullopt;
  const auto* string = value->as_string();
  if (!string) refuse_key(key, fmt::format("must be a text in quotes, not {}", kind_of(*value)));
  return string->get();
}

std::optional<std::uint64_t> Keys::natural(std::string_view key, std::uint64_t least, std::uint64_t most) {
  const auto* value = node(key);
  if (!value) return std::nullopt;
  const auto* number = value->as_integer();
  if (!number) refuse_key(key, fmt::format("must be a whole number, not {}", kind_of(*value)));
  const auto given = number->get();
  if (given < 0 || static_cast<std::uint64_t>(given) < least || static_cast<std::uint64_t>(given) > most) {
    refuse_key(key, fmt::format("{} is not between {} and {}", given, least, most));
  }
  return static_cast<std::uint64_t>(given);
}

std::optional<bool> Keys::flag(std::string_view key) {
  const auto* value = node(key);
  if (!value) return std::nullopt;
  const auto* flag = value->as_boolean();
  if (!flag) refuse_key(key, fmt::format("must be true or false, not {}", kind_of(*value)));
  return flag->get();
}

std::optional<std::size_t> Keys::choice(std::string_view key, const std::vector<std::string>& choices) {
  const auto word = text(key);
  if (!word) return std::nullopt;
  const auto hit = std::find(choices.begin(), choices.end(), *word);
  if (hit != choices.end()) return static_cast<std::size_t>(hit - choices.begin());
  std::string list;
  for (const auto& choice : choices) list += (list.empty() ? "" : ", ") + ("\"" + choice + "\"");
  refuse_key(key, fmt::format("\"{}\" is none of {}", printable(*word, 60), list));
}

std::vector<std::string> Keys::texts(std::string_view key) {
  const auto* value = node(key);
  std::vector<std::string> out;
  if (!value) return out;
  if (const auto* single = value->as_string()) return {single->get()};
  const auto* array = value->as_array();
  if (!array) refuse_key(key, fmt::format("must be an array of texts, not {}", kind_of(*value)));
  for (const auto& item : *array) {
    const auto* string = item.as_string();
    if (!string) refuse_key(key, fmt::format("must hold nothing but texts in quotes, not {}", kind_of(item)));
    out.push_back(string->get());
  }
  return out;
}

std::map<std::string, std::string> Keys::map(std::string_view key) {
  const auto* value = node(key);
  std::map<std::string, std::string> out;
  if (!value) return out;
  const auto* table = value->as_table();
  if (!table) refuse_key(key, fmt::format("must be a table, not {}", kind_of(*value)));
  for (const auto& [name, item] : *table) {
    const auto* string = item.as_string();
    if (!string) {
      refuse(file_, item.source(),
             fmt::format("{}.{}: must be a text in quotes, not {}", std::string(key),
                         printable(name.str(), 60), kind_of(item)));
    }
    out.emplace(name.str(), string->get());
  }
  return out;
}

std::vector<std::pair<std::string, const toml::table*>> Keys::tables(std::string_view key) {
  const auto* value = node(key);
  std::vector<std::pair<std::string, const toml::table*>> out;
  if (!value) return out;
  const auto* table = value->as_table();
  if (!table) refuse_key(key, fmt::format("must be tables, [{}.NAME], not {}", key, kind_of(*value)));
  for (const auto& [name, item] : *table) {
    const auto* inner = item.as_table();
    if (!inner) {
      refuse(file_, item.source(),
             fmt::format("{}.{}: must be a table, [{}.NAME], not {}", key, printable(name.str(), 60), key,
                         kind_of(item)));
    }
    out.emplace_back(std::string(name.str()), inner);
  }
  return out;
}

void Keys::finish() const {
  for (const auto& [name, item] : table_) {
    const std::string key(name.str());
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const auto label = (name_.empty() ? "" : name_ + ".") + printable(key, 60);
    const auto near = nearest(key, asked_);
    refuse(file_, name.source(),
           fmt::format("unknown key {}{}", label, near ? fmt::format("; did you mean {}?", *near) : ""));
  }
}

}  // namespace postferry::config
